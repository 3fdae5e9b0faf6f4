// This host's capacity: as configured, or from the machine. A simulator uses no memory for its guests.
import { availableParallelism, totalmem } from 'node:os';
import type { Resources } from '@ironlog/schemas';
import { type ExecutorConfig, hypervisorsOf } from '../env.ts';

/** Hosts with 96 cores and 384 GB run a thousand. */
const DEFAULT_PROCESSES = 1000;
/** Guests are idle most of the time: virtual CPUs are over-committed by this factor. */
const CPU_OVERCOMMIT = 8;
/** Memory is never over-committed, and the host keeps a tenth. */
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
