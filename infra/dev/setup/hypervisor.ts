// The executors' hypervisor variables: the programs that were found, the demo guest's files, and QEMU's accelerator.
import { join } from 'node:path';
import { chooseAccelerator, findProgram } from '@ironlog/hypervisor';
import { CAPABILITIES, type HypervisorKind } from '@ironlog/schemas';
import { unpackDemoKernel } from '../image/vmlinux.ts';
import { print } from '../terminal/print.ts';
import { type DemoKernel, ensureDemoKernel, READY_LINE } from './demo-kernel.ts';
import { findQemu } from './qemu.ts';

export interface HypervisorChoice {
  /** Not empty; the first runs VMs that ask for none. */
  readonly hypervisors: readonly HypervisorKind[];
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

/** Firecracker boots only an ELF; Cloud Hypervisor boots it faster than the bzImage, which unpacks itself. */
const demoGuest = async ({ hypervisors }: HypervisorChoice): Promise<DemoKernel> => {
  const packed = await ensureDemoKernel();
  const takesElf = hypervisors.some((kind) => kind === 'firecracker' || kind === 'cloud-hypervisor');
  if (!takesElf || process.env.IRONLOG_KERNEL) return packed;
  return { ...packed, kernel: await unpackDemoKernel(packed) };
};

const variablesOf = async (
  kind: HypervisorKind,
  guest: DemoKernel,
  choice: HypervisorChoice,
): Promise<Readonly<Record<string, string>>> => {
  if (kind === 'simulator') return {};
  if (kind === 'qemu') {
    const qemu = await findQemu();
    if (qemu.kind === 'absent') throw new Error(qemu.reason);
    print(`QEMU ${qemu.version} (${qemu.path}) boots ${guest.kernel}`);
    return { IRONLOG_QEMU: qemu.path, IRONLOG_QEMU_ACCEL: await acceleratorOf(qemu.path, guest, choice) };
  }
  const { IRONLOG_CLOUD_HYPERVISOR, IRONLOG_FIRECRACKER, PATH = '' } = process.env;
  const found = await findProgram(kind, { IRONLOG_CLOUD_HYPERVISOR, IRONLOG_FIRECRACKER }, PATH);
  if (found.kind === 'unusable') throw new Error(found.reason);
  const { variable, program, version } = found;
  print(`${CAPABILITIES[kind].name} ${version} (${program}) boots ${guest.kernel}`);
  return { [variable]: program };
};

/** @throws Error that names the program that is missing or too old, and the variable to set. */
export const hypervisorEnvironment = async (choice: HypervisorChoice): Promise<Readonly<Record<string, string>>> => {
  const { hypervisors } = choice;
  const chosen = { IRONLOG_HYPERVISORS: hypervisors.join(',') };
  if (hypervisors.every((kind) => kind === 'simulator')) return chosen;
  const guest = await demoGuest(choice);
  let environment: Readonly<Record<string, string>> = {
    ...chosen,
    IRONLOG_KERNEL: guest.kernel,
    IRONLOG_INITRD: guest.initrd,
  };
  // One after another: each prints what it found, and QEMU's probe takes a core.
  for (const kind of hypervisors) environment = { ...environment, ...(await variablesOf(kind, guest, choice)) };
  return environment;
};
