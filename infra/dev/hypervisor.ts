// What the executors are told of the hypervisor that they drive: for QEMU, where it is and what its demo guest boots.
import { ensureDemoKernel } from './demo-kernel.ts';
import { findQemu } from './qemu.ts';
import { say } from './say.ts';

/** @throws Error that says what to install when the hypervisor is not there. */
export const hypervisorEnvironment = async (kind: 'simulator' | 'qemu'): Promise<Readonly<Record<string, string>>> => {
  if (kind === 'simulator') return { IRONLOG_HYPERVISOR: kind };
  const qemu = await findQemu();
  if (qemu.kind === 'absent') throw new Error(qemu.reason);
  const { kernel, initrd } = await ensureDemoKernel();
  say(`QEMU ${qemu.version} (${qemu.path}) boots ${kernel}`);
  const accel = process.env.IRONLOG_QEMU_ACCEL;
  return {
    IRONLOG_HYPERVISOR: kind,
    IRONLOG_QEMU: qemu.path,
    IRONLOG_KERNEL: kernel,
    IRONLOG_INITRD: initrd,
    ...(accel ? { IRONLOG_QEMU_ACCEL: accel } : {}),
  };
};
