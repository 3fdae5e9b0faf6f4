// The images that this host offers. Tenants see ids; paths stay here.
import { type ImageId, imageId } from '@ironlog/schemas';
import { type ExecutorConfig, hypervisorsOf } from '../env.ts';
import type { Image } from '../host-deps.ts';

/** Kernel arguments for output on the first serial port. */
const SERIAL_CONSOLE = 'console=ttyS0 reboot=t panic=-1';

export const catalogueOf = (config: ExecutorConfig): ReadonlyMap<ImageId, Image> => {
  const { IRONLOG_KERNEL: kernel, IRONLOG_INITRD: initrd } = config;
  const hypervisors = [...hypervisorsOf(config)];
  const isSimulated = hypervisors.every((kind) => kind === 'simulator');
  const demo = imageId('demo');
  const description = isSimulated ? 'a simulated guest' : 'a Linux kernel with a busybox initramfs';
  const launch = isSimulated
    ? {}
    : {
        ...(kernel === undefined ? {} : { kernel }),
        ...(initrd === undefined ? {} : { initrd }),
        args: SERIAL_CONSOLE,
      };
  return new Map([[demo, { listing: { id: demo, hypervisors, default: true, description }, launch }]]);
};
