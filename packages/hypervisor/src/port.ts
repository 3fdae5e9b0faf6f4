// The port between executor and hypervisor. Drivers differ only in their protocol; each call is an
// "ensure" (P6), is bounded by the caller's deadline, and returns errors as values instead of throwing.
import type { HypervisorKind, Verb } from '@ironlog/schemas';
import type { Counters } from './counters.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { Outcome } from './outcome.ts';
import type { SpawnOutcome } from './process/launch/spawn.ts';
import type { ProcessHandle } from './process-handle.ts';

/** `absent`: the process is dead, or has no VM defined. `shutdown`: the guest is off, the process is alive. */
export type ObservedState = 'absent' | 'created' | 'running' | 'paused' | 'shutdown' | 'unknown';

export interface Capabilities {
  /** The verbs this hypervisor supports; the executor's `decide` rejects the others. */
  readonly verbs: readonly Verb[];
}

export interface Observation {
  readonly state: ObservedState;
}

/** Events of a watched process. `gone` is the last, and occurs exactly once. */
export type ProcessEvent =
  /** The guest powered off, by itself or by the power button. The process exits, or stays until it is killed. */
  | { readonly kind: 'guest-stopped'; readonly processStays: boolean }
  /** The guest restarted inside the same process: same epoch. */
  | { readonly kind: 'guest-rebooted' }
  /** The guest's kernel reported a panic. The guest then restarts or stays as it is. */
  | { readonly kind: 'guest-panicked' }
  /** The process is dead. `guestStopped` distinguishes a guest stop from a crash. */
  | { readonly kind: 'gone'; readonly guestStopped: boolean; readonly reason: string };

export interface Watch {
  /** Stops reporting and closes the held socket; the process is not affected. */
  close(): void;
}

/** A VM's memory and devices as files, without the contents of its disks. */
export interface Snapshots {
  /**
   * Writes a paused VM into `directory` (absolute, existing, 0700): ok when it is complete. A repeat overwrites it;
   * `refused` unless paused. A failure may leave partial files.
   */
  take(handle: ProcessHandle, directory: string, deadline: AbortSignal): Promise<Outcome>;
  /**
   * Replaces `create` in an unconfigured process: waits until it answers, then ensures that the snapshot's VM is
   * there, paused. Ok on a VM in a later state. After a failure the process is unusable.
   */
  restore(handle: ProcessHandle, launch: LaunchSpec, directory: string, deadline: AbortSignal): Promise<Outcome>;
}

/**
 * Every `deadline` is an AbortSignal owned by the caller (`AbortSignal.timeout(ms)`); when it fires the outcome is
 * `timeout` (or `aborted`, when its reason is not a timeout), and whether the effect happened is unknown.
 */
export interface Hypervisor {
  readonly kind: HypervisorKind;
  capabilities(): Capabilities;

  /** Starts a detached process for the launch's epoch; ok as soon as it has a pid. The caller must not spawn twice (P5). */
  spawn(launch: LaunchSpec): Promise<SpawnOutcome>;

  /** Waits for the process to answer, then ensures that the VM is defined. Ok on a VM in a later state. */
  create(handle: ProcessHandle, launch: LaunchSpec, deadline: AbortSignal): Promise<Outcome>;
  /** Ensures that the guest runs: boots a created one, is ok on a running one; a paused one is `refused`. */
  boot(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /**
   * Presses the power button each second (a press before the guest handles it is lost), until the guest is off or the
   * process is dead. The process may stay: the caller ends it with `killProcess`.
   */
  shutdown(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /** Ensures paused; `refused` unless running or paused. */
  pause(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /** Ensures running; `refused` unless running or paused. */
  resume(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /** Absent: snapshots are not supported. */
  readonly snapshots?: Snapshots;
  /** The current state; ok with `absent` when the process is dead. */
  observe(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome<Observation>>;
  /** The VM's usage so far; `unreachable` when its process is dead. */
  counters(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome<{ readonly counters: Counters }>>;
  /**
   * Whether the VM's directory records that the guest of a process, which may be dead, stopped. False for a killed
   * process, and once the record is removed.
   */
  guestHadStopped(process: Pick<ProcessHandle, 'directory' | 'epoch'>): Promise<boolean>;

  /** Holds a socket to the process, which need not be a child, and reports its events. */
  watch(handle: ProcessHandle, report: (event: ProcessEvent) => void): Watch;

  /** Closes every connection; VMs keep running. */
  close(): Promise<void>;
}
