// What an executor must be told to run VMs on a hypervisor: for QEMU, where it is and what its demo guest boots.
import { ensureDemoKernel } from './demo-kernel.ts';
import { findQemu } from './qemu.ts';

/** @throws Error with one sentence on what to install when something is missing. */
export const hypervisorVariables = async (kind: 'simulator' | 'qemu'): Promise<Readonly<Record<string, string>>> => {
  if (kind === 'simulator') return { IRONLOG_HYPERVISOR: kind };
  const qemu = await findQemu();
  if (qemu.kind === 'absent') throw new Error(qemu.reason);
  const { kernel, initrd } = await ensureDemoKernel();
  return { IRONLOG_HYPERVISOR: kind, IRONLOG_QEMU: qemu.path, IRONLOG_KERNEL: kernel, IRONLOG_INITRD: initrd };
};
