// Builds the configurations of the hypervisor drivers from the executor's environment.
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Accelerator,
  chooseAccelerator,
  findProgram,
  type HypervisorConfig,
  type HypervisorProgram,
} from '@ironlog/hypervisor';
import type { HypervisorKind } from '@ironlog/schemas';
import { ConfigError, type Logger } from '@ironlog/service-kit';
import { type ExecutorConfig, hypervisorsOf } from '../env.ts';

/** The line that the demo image's guest prints when it is up. */
const READY_LINE = 'ironlog-guest: ready';
const KVM = '/dev/kvm';

export interface ConfigDeps {
  readonly config: ExecutorConfig;
  readonly stateDirectory: string;
  /** Directories in which programs are searched that no variable names. */
  readonly searchPath: string;
  readonly logger: Pick<Logger, 'info'>;
}

/** In the configured order. @throws ConfigError that names the missing or wrong variable. */
export const hypervisorConfigsOf = async (deps: ConfigDeps): Promise<readonly HypervisorConfig[]> => {
  const configs: HypervisorConfig[] = [];
  for (const kind of hypervisorsOf(deps.config)) configs.push(await configOf(kind, deps));
  return configs;
};

const configOf = async (kind: HypervisorKind, deps: ConfigDeps): Promise<HypervisorConfig> => {
  const { config, logger, searchPath, stateDirectory } = deps;
  if (kind === 'simulator') return { kind, cacheDirectory: join(stateDirectory, '.compile-cache') };
  const searched = await findProgram(kind, config, searchPath);
  if (searched.kind === 'unusable') throw new ConfigError(searched.reason);
  const { program, version } = searched;
  const found = { program, version };
  const kernel = required('IRONLOG_KERNEL', kind, config.IRONLOG_KERNEL);
  logger.info({ hypervisor: kind, ...found }, 'found a hypervisor');
  if (kind === 'qemu') return { kind, ...found, accelerator: await acceleratorOf(found, kernel, deps) };
  await refuseWithoutKvm(kind);
  if (kind === 'firecracker') await refuseUnlessElf(kernel);
  return { kind, ...found };
};

const required = (name: string, kind: HypervisorKind, value: string | undefined): string => {
  if (value !== undefined) return value;
  throw new ConfigError(`${name} is not set, and ${kind} requires it: an absolute path`);
};

const refuseWithoutKvm = async (kind: HypervisorKind): Promise<void> => {
  try {
    await access(KVM, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new ConfigError(`${KVM} cannot be used, and ${kind} requires it: ${String(error)}`);
  }
};

/** Cloud Hypervisor and QEMU take a bzImage too. */
const refuseUnlessElf = async (kernel: string): Promise<void> => {
  await using file = await open(kernel).catch((error: unknown) => {
    throw new ConfigError(`IRONLOG_KERNEL ${kernel} cannot be read: ${String(error)}`);
  });
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (buffer.toString('latin1') === '\x7fELF') return;
  throw new ConfigError(
    `IRONLOG_KERNEL ${kernel} is no ELF, and Firecracker boots nothing else: name an unpacked vmlinux`,
  );
};

/** KVM may exist and not work: it is probed once, and the result is cached. */
const acceleratorOf = async (
  { program }: Pick<HypervisorProgram, 'program'>,
  kernel: string,
  { config, logger, stateDirectory }: ConfigDeps,
): Promise<Accelerator> => {
  if (config.IRONLOG_QEMU_ACCEL) return config.IRONLOG_QEMU_ACCEL;
  const initrd = required('IRONLOG_INITRD', 'qemu', config.IRONLOG_INITRD);
  const cachePath = join(stateDirectory, 'accelerator.json');
  const onProbe = (timeoutMs: number): void => logger.info({ timeoutMs }, 'probing whether KVM boots the kernel');
  const chosen = await chooseAccelerator({ program, kernel, initrd, readyLine: READY_LINE, cachePath, onProbe });
  logger.info({ reason: chosen.reason }, `guests run with ${chosen.accelerator}`);
  return chosen.accelerator;
};
