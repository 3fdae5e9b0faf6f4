// A launch as Cloud Hypervisor's VmConfig: the body of vm.create.
import type { LaunchSpec } from '../launch-spec.ts';

const MIB = 1024 * 1024;

/** The image's kernel arguments come first, so that the VM's can override them. */
export function vmConfigOf({ spec, image, consolePath }: LaunchSpec): object {
  const cmdline = [image.args, spec.kernelArgs].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    cpus: { boot_vcpus: spec.cpus, max_vcpus: spec.cpus },
    memory: { size: spec.memoryMiB * MIB },
    payload: {
      ...(image.kernel === undefined ? {} : { kernel: image.kernel }),
      ...(image.initrd === undefined ? {} : { initramfs: image.initrd }),
      cmdline,
    },
    serial: { mode: 'File', file: consolePath },
    console: { mode: 'Off' },
    pvpanic: true,
  };
}
