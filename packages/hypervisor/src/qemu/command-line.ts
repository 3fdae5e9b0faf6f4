// QEMU's arguments for a launch: the microvm machine, paused before its first instruction, QMP on the epoch's socket.
import { kernelArguments, type LaunchDisk, type LaunchSpec } from '../launch-spec.ts';

export type Accelerator = 'kvm' | 'tcg';

export interface Machine {
  readonly accelerator: Accelerator;
  /** Absolute path. */
  readonly kernel: string;
  /** Kernel arguments that skip a TCG guest's clock calibration; empty under KVM. */
  readonly clock: string;
}

/** In QEMU's option lists a comma in a value is doubled (qemu-options, "file paths with commas"). */
const inList = (path: string): string => path.replaceAll(',', ',,');

/** The format is explicit: a guest could write another format's header into a raw disk. */
const diskArguments = ({ id, path, format, readOnly }: LaunchDisk): string[] => [
  ...['-drive', `if=none,id=${id},file=${inList(path)},format=${format},readonly=${readOnly ? 'on' : 'off'}`],
  ...['-device', `virtio-blk-device,drive=${id},serial=${id}`],
];

/**
 * ACPI stays on (microvm's default): without it a guest cannot power off. A guest's restart stays in the
 * process and is reported as RESET. A tenant's `kernelArgs` are always one argument.
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
    // A guest reports its panic here, and continues by its kernel arguments: `panic=-1` restarts it.
    ...['-device', 'pvpanic'],
    // A QEMU whose guest is off stays and reports that state, also to a later client.
    ...['-action', 'shutdown=pause,panic=none'],
    '-S',
  ];
}
