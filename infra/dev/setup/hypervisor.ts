// The executors' hypervisor variables: for QEMU its path, the demo guest's files, and the accelerator.
import { join } from 'node:path';
import { chooseAccelerator } from '@ironlog/hypervisor';
import { print } from '../terminal/print.ts';
import { type DemoKernel, ensureDemoKernel, READY_LINE } from './demo-kernel.ts';
import { findQemu } from './qemu.ts';

export interface HypervisorChoice {
  readonly hypervisor: 'simulator' | 'qemu';
  readonly stateDir: string;
  /** Aborts a long probe. */
  readonly signal: AbortSignal;
}

/** Probed once for all hosts, which are on one machine. */
const acceleratorOf = async (
  program: string,
  { kernel, initrd }: DemoKernel,
  { stateDir, signal }: HypervisorChoice,
): Promise<string> => {
  const named = process.env.IRONLOG_QEMU_ACCEL;
  if (named) return named;
  const cachePath = join(stateDir, 'accelerator.json');
  const { accelerator, reason } = await chooseAccelerator({
    ...{ program, kernel, initrd, readyLine: READY_LINE, cachePath, signal },
    onProbe: (withinMs) => print(`probing whether the kernel boots under KVM here: once, at most ${withinMs / 1000} s`),
  });
  print(`QEMU runs guests with ${accelerator}: ${reason}`);
  return accelerator;
};

/** @throws Error that names the package to install when the hypervisor is missing. */
export const hypervisorEnvironment = async (choice: HypervisorChoice): Promise<Readonly<Record<string, string>>> => {
  const { hypervisor: kind } = choice;
  if (kind === 'simulator') return { IRONLOG_HYPERVISOR: kind };
  const qemu = await findQemu();
  if (qemu.kind === 'absent') throw new Error(qemu.reason);
  const guest = await ensureDemoKernel();
  print(`QEMU ${qemu.version} (${qemu.path}) boots ${guest.kernel}`);
  return {
    IRONLOG_HYPERVISOR: kind,
    IRONLOG_QEMU: qemu.path,
    IRONLOG_QEMU_ACCEL: await acceleratorOf(qemu.path, guest, choice),
    IRONLOG_KERNEL: guest.kernel,
    IRONLOG_INITRD: guest.initrd,
  };
};
