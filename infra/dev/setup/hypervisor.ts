// What the executors are told of the hypervisor that they drive: for QEMU, where it is, what its demo guest boots, and by what.
import { join } from 'node:path';
import { chooseAccelerator } from '@ironlog/hypervisor';
import { print } from '../terminal/print.ts';
import { type DemoKernel, ensureDemoKernel, READY_LINE } from './demo-kernel.ts';
import { findQemu } from './qemu.ts';

export interface HypervisorChoice {
  readonly hypervisor: 'simulator' | 'qemu';
  readonly stateDir: string;
  /** Gives up what takes long. */
  readonly signal: AbortSignal;
}

/** Asked once for all hosts: they are on one machine. */
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
    onProbe: (withinMs) =>
      print(`finding out whether the kernel boots under KVM here: once, at most ${withinMs / 1000} s`),
  });
  print(`QEMU runs guests by ${accelerator}: ${reason}`);
  return accelerator;
};

/** @throws Error that says what to install when the hypervisor is not there. */
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
