// From the executor's environment to the driver of its hypervisor.
import type { HypervisorConfig } from '@ironlog/hypervisor';
import type { ExecutorConfig } from './env.ts';

export const hypervisorConfigOf = (config: ExecutorConfig): HypervisorConfig => ({ kind: config.IRONLOG_HYPERVISOR });
