// Driving hypervisors: the port, its drivers, and what tells a VM's process from any other.
export { createHypervisor, type HypervisorConfig } from './factory.ts';
export {
  consolePathOf,
  type LaunchImage,
  type LaunchSpec,
  logPathOf,
  MAX_SOCKET_PATH_BYTES,
  socketPathFits,
  socketPathOf,
} from './launch-spec.ts';
export { OUTCOME_CODES, type Outcome, type OutcomeCode, type Refusal, refusal } from './outcome.ts';
export type {
  Capabilities,
  Hypervisor,
  Observation,
  ObservedState,
  ProcessEvent,
  ProcessHandle,
  Watch,
} from './port.ts';
export { exitInWords } from './process/ended.ts';
export { findByDirectory, findUnder } from './process/find.ts';
export { hostTrouble } from './process/host-trouble.ts';
export { identify, isAlive, type ProcessIdentity, sameProcess } from './process/identity.ts';
export { type KillLimits, type KillOutcome, killProcess } from './process/kill.ts';
export {
  type LaunchRecord,
  type ReadLaunchRecord,
  readLaunchRecord,
  removeLaunchRecord,
  writeLaunchRecord,
} from './process/launch-record.ts';
export type { FoundProcess } from './process/process-table.ts';
export type { ProcessExit, SpawnedProcess, SpawnOutcome } from './process/spawn.ts';
export { type AcceleratorChoice, type AcceleratorProbe, chooseAccelerator } from './qemu/accelerator.ts';
export type { Accelerator } from './qemu/command-line.ts';
