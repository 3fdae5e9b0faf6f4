// Builds the configuration of the hypervisor driver from the executor's environment.
import { join } from 'node:path';
import { type Accelerator, chooseAccelerator, type HypervisorConfig } from '@ironlog/hypervisor';
import { ConfigError, type Logger } from '@ironlog/service-kit';
import type { ExecutorConfig } from '../env.ts';

/** The line that the demo image's guest prints when it is up. */
const READY_LINE = 'ironlog-guest: ready';

const required = (name: string, value: string | undefined): string => {
  if (value !== undefined) return value;
  throw new ConfigError(`${name} is not set, and IRONLOG_HYPERVISOR=qemu requires it: an absolute path`);
};

/** @throws ConfigError that names the missing variable. */
export const hypervisorConfigOf = async (
  config: ExecutorConfig,
  stateDirectory: string,
  logger: Pick<Logger, 'info'>,
): Promise<HypervisorConfig> => {
  if (config.IRONLOG_HYPERVISOR === 'simulator')
    return { kind: 'simulator', cacheDirectory: join(stateDirectory, '.compile-cache') };
  const program = required('IRONLOG_QEMU', config.IRONLOG_QEMU);
  const kernel = required('IRONLOG_KERNEL', config.IRONLOG_KERNEL);
  const initrd = required('IRONLOG_INITRD', config.IRONLOG_INITRD);
  // KVM may exist and not work: it is probed once, and the result is cached.
  const cachePath = join(stateDirectory, 'accelerator.json');
  const choose = async (): Promise<Accelerator> => {
    const onProbe = (timeoutMs: number): void => logger.info({ timeoutMs }, 'probing whether KVM boots the kernel');
    const chosen = await chooseAccelerator({ program, kernel, initrd, readyLine: READY_LINE, cachePath, onProbe });
    logger.info({ reason: chosen.reason }, `guests run with ${chosen.accelerator}`);
    return chosen.accelerator;
  };
  return { kind: 'qemu', program, accelerator: config.IRONLOG_QEMU_ACCEL ?? (await choose()) };
};
