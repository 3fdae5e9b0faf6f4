// Maps a launch to Cloud Hypervisor's VmConfig: vm.create's body.
import { kernelArguments, type LaunchDisk, type LaunchSpec } from '../launch-spec.ts';

const MIB = 1024 * 1024;

export function vmConfigOf({ spec, image, disks = [], vsock }: LaunchSpec): object {
  return {
    cpus: { boot_vcpus: spec.cpus, max_vcpus: spec.cpus },
    memory: { size: spec.memoryMiB * MIB },
    payload: {
      ...(image.kernel === undefined ? {} : { kernel: image.kernel }),
      ...(image.initrd === undefined ? {} : { initramfs: image.initrd }),
      cmdline: kernelArguments(image.args, spec.kernelArgs),
    },
    // The VM's console is its stdout: a file would be truncated at each boot (see spawn.ts).
    serial: { mode: 'Tty' },
    console: { mode: 'Off' },
    pvpanic: true,
    ...(disks.length === 0 ? {} : { disks: disks.map(diskConfigOf) }),
    ...(vsock === undefined ? {} : { vsock: { cid: vsock.cid, socket: vsock.path } }),
  };
}

/** The format is explicit: a guest could write another format's header into a raw disk. */
const diskConfigOf = ({ id, path, format, readOnly }: LaunchDisk): object => ({
  id,
  path,
  readonly: readOnly,
  image_type: format === 'raw' ? 'Raw' : 'Qcow2',
});
