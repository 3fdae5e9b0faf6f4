// A launch as Cloud Hypervisor's VmConfig: the body of vm.create.
import { kernelArguments, type LaunchSpec } from '../launch-spec.ts';

const MIB = 1024 * 1024;

export function vmConfigOf({ spec, image }: LaunchSpec): object {
  return {
    cpus: { boot_vcpus: spec.cpus, max_vcpus: spec.cpus },
    memory: { size: spec.memoryMiB * MIB },
    payload: {
      ...(image.kernel === undefined ? {} : { kernel: image.kernel }),
      ...(image.initrd === undefined ? {} : { initramfs: image.initrd }),
      cmdline: kernelArguments(image.args, spec.kernelArgs),
    },
    // Its stdout, which is the VM's console: a file it would cut to nothing at each boot (see spawn.ts).
    serial: { mode: 'Tty' },
    console: { mode: 'Off' },
  };
}
