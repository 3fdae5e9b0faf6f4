// QEMU's arguments for a launch: the microvm machine, stopped before its first instruction, QMP on the epoch's socket.
import { kernelArguments, type LaunchDisk, type LaunchSpec } from '../launch-spec.ts';

export type Accelerator = 'kvm' | 'tcg';

export interface Machine {
  readonly accelerator: Accelerator;
  /** Absolute path. */
  readonly kernel: string;
  /** Kernel arguments that spare a TCG guest the measuring of its clock; empty under KVM. */
  readonly clock: string;
}

/** In QEMU's option lists a comma within a value is written twice (qemu-options, "file paths with commas"). */
const inList = (path: string): string => path.replaceAll(',', ',,');

/** The format is told, not guessed: what a guest writes into a raw disk could make it look like another. */
const diskArguments = ({ id, path, format, readOnly }: LaunchDisk): string[] => [
  ...['-drive', `if=none,id=${id},file=${inList(path)},format=${format},readonly=${readOnly ? 'on' : 'off'}`],
  ...['-device', `virtio-blk-device,drive=${id},serial=${id}`],
];

/**
 * ACPI stays on (microvm's default): without it a guest cannot switch itself off. A guest's restart stays in the
 * process and is reported as RESET. Tenants' `kernelArgs` are one argument, whatever they hold.
 */
export function qemuArguments(launch: LaunchSpec, machine: Machine): string[] {
  const { spec, image, socketPath, consolePath, disks = [] } = launch;
  const { accelerator, kernel, clock } = machine;
  return [
    ...['-machine', 'microvm', '-accel', accelerator],
    ...['-smp', String(spec.cpus), '-m', String(spec.memoryMiB)],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-chardev', `file,id=console,path=${inList(consolePath)},append=on`, '-serial', 'chardev:console'],
    ...['-qmp', `unix:${inList(socketPath)},server=on,wait=off`],
    ...['-kernel', kernel, ...(image.initrd === undefined ? [] : ['-initrd', image.initrd])],
    ...disks.flatMap(diskArguments),
    ...['-append', kernelArguments('console=ttyS0', clock, image.args, spec.kernelArgs)],
    // A guest tells of its panic here, and goes on as its own kernel arguments say: `panic=-1` restarts it.
    ...['-device', 'pvpanic'],
    // What the guest did outlives our watching: a QEMU whose guest is off stays, and says so when it is asked.
    ...['-action', 'shutdown=pause,panic=none'],
    '-S',
  ];
}
