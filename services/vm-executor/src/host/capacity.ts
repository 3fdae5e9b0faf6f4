// What this host can hold: as configured, or from the machine; a simulator holds no memory of its guests'.
import { availableParallelism, totalmem } from 'node:os';
import type { Resources } from '@ironlog/schemas';
import { type ExecutorConfig, hypervisorsOf } from '../env.ts';

/** Hosts of 96 cores and 384 GB run a thousand; 25 was the limit this system exists to lift. */
const DEFAULT_PROCESSES = 1000;
/** Guests are idle most of the time: processors are shared out this many times over. */
const CPU_OVERCOMMIT = 8;
/** Memory is never promised twice, and the host itself keeps a tenth. */
const MEMORY_SHARE = 0.9;
const MIB = 1024 * 1024;
const SIMULATED: Resources = { cpus: 1_000_000, memoryMiB: 1_000_000_000, processes: DEFAULT_PROCESSES };

export const capacityOf = (config: ExecutorConfig): Resources => {
  const machine: Resources = hypervisorsOf(config).every((kind) => kind === 'simulator')
    ? SIMULATED
    : {
        cpus: availableParallelism() * CPU_OVERCOMMIT,
        memoryMiB: Math.floor((totalmem() / MIB) * MEMORY_SHARE),
        processes: DEFAULT_PROCESSES,
      };
  return {
    cpus: config.IRONLOG_HOST_CPUS ?? machine.cpus,
    memoryMiB: config.IRONLOG_HOST_MEMORY_MIB ?? machine.memoryMiB,
    processes: config.IRONLOG_HOST_PROCESSES ?? machine.processes,
  };
};
