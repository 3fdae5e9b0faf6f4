// Driving hypervisors: the port, its drivers, and what tells a VM's process from any other.
export { type CallFailure, type CallOutcome, DONE, done, type FailureCode, failure } from './outcome.ts';
export {
  type BootImage,
  consolePathOf,
  type Exit,
  type Hangup,
  type Hypervisor,
  type Launch,
  MAX_SOCKET_PATH_BYTES,
  type MachineSpec,
  type Observed,
  type Spawned,
  socketPathOf,
  type Watch,
  type WatchListener,
} from './port.ts';
export { type FoundProcess, findByDirectory, findUnder } from './process/find.ts';
export { argumentsOf, bootId, identify, isAlive, type ProcessIdentity } from './process/identity.ts';
export { killProcess, waitForEnd } from './process/kill.ts';
export { type LaunchRecord, readLaunchRecord, removeLaunchRecord, writeLaunchRecord } from './process/launch-record.ts';
export { createSimulator } from './simulator/driver.ts';
