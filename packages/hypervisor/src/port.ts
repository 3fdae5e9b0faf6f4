// The port: what a hypervisor is to an executor. Drivers differ in their dialect only; each call is an
// "ensure" (P6), is bounded by the caller's deadline, and answers with a value, never with an exception.
import type { HypervisorKind, Verb } from '@ironlog/schemas';
import type { Counters } from './counters.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { Outcome } from './outcome.ts';
import type { SpawnOutcome } from './process/launch/spawn.ts';
import type { ProcessHandle } from './process-handle.ts';

/** `absent`: the process is dead, or lives and has no VM defined. `shutdown`: the guest is off, the process lives on. */
export type ObservedState = 'absent' | 'created' | 'running' | 'paused' | 'shutdown' | 'unknown';

export interface Capabilities {
  /** The verbs this hypervisor can serve; the executor's `decide` rejects the others. */
  readonly verbs: readonly Verb[];
}

export interface Observation {
  readonly state: ObservedState;
}

/** What a watched process reports by itself. `gone` is the last, and comes exactly once. */
export type ProcessEvent =
  /** The guest switched itself off (or obeyed the power button). The process ends by itself, or stays until it is ended. */
  | { readonly kind: 'guest-stopped'; readonly processStays: boolean }
  /** The guest restarted inside the same process: same epoch. */
  | { readonly kind: 'guest-rebooted' }
  /** The guest's kernel has said that it has panicked. What follows is its own: it restarts, or stays as it is. */
  | { readonly kind: 'guest-panicked' }
  /** The process is dead. `guestStopped` tells an orderly end of the guest from a crash. */
  | { readonly kind: 'gone'; readonly guestStopped: boolean; readonly reason: string };

export interface Watch {
  /** Stops reporting and lets the held socket go; the process is not touched. */
  close(): void;
}

/** A VM's memory and devices as files; what its disks hold is not among them. */
export interface Snapshots {
  /**
   * Writes a paused VM into `directory` (absolute, there, 0700): ok when all of it is written. Again, it is written again;
   * `refused` unless paused. A failure leaves what it leaves there.
   */
  take(handle: ProcessHandle, directory: string, deadline: AbortSignal): Promise<Outcome>;
  /**
   * Instead of `create`, in a process that has been told nothing: waits until it answers, then ensures that the VM of the
   * snapshot is there, paused. Ok on one that is further. After a failure the process is of no more use.
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

  /** Starts a detached process for the launch's epoch; ok as soon as it has a pid. Never spawns twice by itself: P5 is the caller's. */
  spawn(launch: LaunchSpec): Promise<SpawnOutcome>;

  /** Waits for the process to answer, then ensures that the VM is defined. Ok on a VM that is already further. */
  create(handle: ProcessHandle, launch: LaunchSpec, deadline: AbortSignal): Promise<Outcome>;
  /** Ensures that the guest runs: boots a created one, is ok on a running one; a paused one is `refused`. */
  boot(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /**
   * Asks the guest to switch itself off, again each second (a press before the guest listens is lost), until the guest
   * is off or the process is dead. The process may live on: the caller ends it with `killProcess`.
   */
  shutdown(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /** Ensures paused; `refused` unless running or paused. */
  pause(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /** Ensures running; `refused` unless running or paused. */
  resume(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome>;
  /** Absent: this hypervisor is not driven with them. */
  readonly snapshots?: Snapshots;
  /** What the process says now; ok with `absent` when the process is dead. */
  observe(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome<Observation>>;
  /** What the VM has used so far; `unreachable` when its process is dead. */
  counters(handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome<{ readonly counters: Counters }>>;
  /**
   * Whether a process, which may be dead and forgotten, left word in its VM's directory that its guest had stopped. False
   * for one that was killed, and once the word is removed.
   */
  guestHadStopped(process: Pick<ProcessHandle, 'directory' | 'epoch'>): Promise<boolean>;

  /** Holds a socket to the process, which need not be our child, and reports what happens to it. */
  watch(handle: ProcessHandle, report: (event: ProcessEvent) => void): Watch;

  /** Lets every connection go; every VM runs on. */
  close(): Promise<void>;
}
