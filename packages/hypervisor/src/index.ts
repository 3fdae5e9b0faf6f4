// Driving hypervisors: the port, its drivers, and the identification of a VM's process.
export type { Counters, DeviceCounters } from './counters.ts';
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
export { deadlineRefusal, OUTCOME_CODES, type Outcome, type OutcomeCode, type Refusal, refusal } from './outcome.ts';
export type {
  Capabilities,
  Hypervisor,
  Observation,
  ObservedState,
  ProcessEvent,
  Snapshots,
  Watch,
} from './port.ts';
export type { ProcessExit } from './process/exit/exit-status.ts';
export { describeExit } from './process/exit/exit-status.ts';
export { type KillLimits, type KillOutcome, killProcess } from './process/exit/kill.ts';
export { hostError } from './process/launch/host-error.ts';
export {
  type LaunchRecord,
  type ReadLaunchRecord,
  readLaunchRecord,
  removeLaunchRecord,
  writeLaunchRecord,
} from './process/launch/launch-record.ts';
export type { SpawnedProcess, SpawnOutcome } from './process/launch/spawn.ts';
export {
  findAllByDirectory,
  findByDirectory,
  findUnder,
  type UnreadProcess,
  type VmProcesses,
} from './process/table/find.ts';
export { identify, isAlive, type ProcessIdentity, sameProcess } from './process/table/identity.ts';
export type { FoundProcess } from './process/table/process-table.ts';
export type { ProcessHandle } from './process-handle.ts';
export { type FoundProgram, findProgram, type HypervisorProgram } from './programs.ts';
export { type AcceleratorChoice, type AcceleratorProbe, chooseAccelerator } from './qemu/accelerator.ts';
export type { Accelerator } from './qemu/command-line.ts';
export type { SocketCall, TraceCall } from './trace-call.ts';
