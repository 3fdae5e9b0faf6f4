// A small bootable image of Debian packages: the cloud kernel, and the initramfs of the demo guest.
import { ensureDemoKernel } from '../setup/demo-kernel.ts';
import { unpackDemoKernel } from './vmlinux.ts';

export interface DebianImage {
  readonly json: object;
  /** The local path of each name in the tar. */
  readonly files: ReadonlyMap<string, string>;
}

/** `isPacked`: keeps the kernel a bzImage, for QEMU only: Cloud Hypervisor takes minutes to boot one. */
export const debianImage = async ({ id, isPacked }: { id: string; isPacked: boolean }): Promise<DebianImage> => {
  const demo = await ensureDemoKernel();
  const { kernel, initrd } = demo;
  const name = isPacked ? 'vmlinuz' : 'vmlinux';
  const path = isPacked ? kernel : await unpackDemoKernel(demo);
  return {
    json: {
      id,
      architecture: 'x86_64',
      hypervisors: isPacked ? ['qemu'] : ['cloud-hypervisor', 'qemu'],
      kernel: { file: name, format: isPacked ? 'bzImage' : 'elf' },
      initrd: { file: 'initrd' },
      args: 'console=ttyS0 reboot=t panic=-1',
    },
    files: new Map([
      [name, path],
      ['initrd', initrd],
    ]),
  };
};
