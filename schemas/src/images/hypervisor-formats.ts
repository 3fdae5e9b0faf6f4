// Which kernels and root disks each hypervisor boots: what an image is refused by, and what a host is chosen by.
import type { HypervisorKind } from '../vm/vm-state.ts';

interface Formats {
  readonly name: string;
  readonly kernels: readonly ('elf' | 'bzImage')[];
  readonly disks: readonly ('raw' | 'qcow2')[];
}

const ALL = { kernels: ['elf', 'bzImage'], disks: ['raw', 'qcow2'] } as const;
export const BOOTS: ReadonlyMap<HypervisorKind, Formats> = new Map([
  ['cloud-hypervisor', { name: 'Cloud Hypervisor', ...ALL }],
  ['firecracker', { name: 'Firecracker', kernels: ['elf'], disks: ['raw'] }],
  ['qemu', { name: 'QEMU', ...ALL }],
  ['simulator', { name: 'the simulator', ...ALL }],
]);

/** What an image is to a hypervisor. */
export interface ImageFormats {
  readonly hypervisors?: readonly HypervisorKind[] | undefined;
  readonly kernel: { readonly format: 'elf' | 'bzImage' };
  readonly rootDisk?: { readonly format: 'raw' | 'qcow2' } | undefined;
}

interface Refused {
  readonly path: string[];
  readonly message: string;
}

const whyUnfit = (kind: HypervisorKind, { kernel, rootDisk }: ImageFormats): Refused | undefined => {
  const boots = BOOTS.get(kind);
  if (!boots) return { path: ['hypervisors'], message: `${kind} boots no image` };
  if (!boots.kernels.includes(kernel.format))
    return {
      path: ['kernel', 'format'],
      message: `${boots.name} boots only an uncompressed ELF kernel (vmlinux), not a ${kernel.format}; unpack it, or name other hypervisors`,
    };
  if (rootDisk && !boots.disks.includes(rootDisk.format))
    return {
      path: ['rootDisk', 'format'],
      message: `${boots.name} takes only raw disks, not ${rootDisk.format}; convert it, or name other hypervisors`,
    };
  return undefined;
};

/** Of those that an image names, the first that cannot boot it. */
export const whyNoHypervisor = (image: ImageFormats): Refused | undefined => {
  for (const kind of image.hypervisors ?? []) {
    const unfit = whyUnfit(kind, image);
    if (unfit) return unfit;
  }
  return undefined;
};

/** Whether a VM of the image can run on that hypervisor. */
export const fitsHypervisor = (image: ImageFormats, kind: HypervisorKind): boolean =>
  (image.hypervisors?.includes(kind) ?? true) && whyUnfit(kind, image) === undefined;
