// The images that this host offers: ids for tenants, paths only here.
import { type ImageId, imageId } from '@ironlog/schemas';
import { type ExecutorConfig, hypervisorsOf } from '../env.ts';
import type { Image } from '../host-deps.ts';

/** What the demo kernel needs to talk on its first serial port. */
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
