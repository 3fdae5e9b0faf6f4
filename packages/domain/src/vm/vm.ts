// A VM folded from its log: `evolve` writes it, `decide` reads it. Plain data that a snapshot can store.
import type {
  CommandId,
  EventId,
  Health,
  HostId,
  HypervisorKind,
  ImageManifest,
  Request,
  Residue,
  StopCause,
  TenantId,
  Timestamp,
  Verb,
  VmEventName,
  VmFact,
  VmId,
  VmSpec,
  VmStateName,
} from '@ironlog/schemas';

export type StateName = VmStateName | 'absent';

export type IntentName =
  | 'claimed'
  | 'boot-started'
  | 'shutdown-started'
  | 'pause-started'
  | 'resume-started'
  | 'reboot-started'
  | 'delete-started'
  | 'cleanup-started'
  | 'snapshot-started'
  | 'restore-started';
export type Intent = Extract<VmFact, { name: IntentName }>;

/** The verb in flight. Its intent holds all data needed to resume it after a crash. */
export interface Task {
  readonly verb: Verb;
  readonly commandId: CommandId;
  readonly operationId: CommandId;
  readonly actor: string;
  readonly startedAt: Timestamp;
  readonly deadline: Timestamp;
  readonly intent: Intent;
  /** A `create` with `start`: the boot ends the command, `created` does not. */
  readonly thenBoot: boolean;
  readonly traceparent?: string;
}

export interface Failure {
  /** The root failure, named as `ifFailure` in recovery's commands. */
  readonly eventId: EventId;
  readonly event: VmEventName;
  readonly at: Timestamp;
  readonly stage: string;
  readonly reason: string;
  readonly retryable: boolean;
  /** Cleanup attempts for this failure so far. */
  readonly attempts: number;
  /** The VM's stable state at the failure; for a lost VM, the state that it was lost in. */
  readonly from: StateName;
  /** The ingress (`door`) of the failed task's command; null when no task was in flight. */
  readonly door: Request['door'] | null;
}

export interface Attention {
  readonly kind:
    | 'stuck'
    | 'cleanup-abandoned'
    | 'diverged'
    | 'lost'
    | 'unresponsive'
    | 'reboot-loop'
    | 'not-ready'
    | 'guest-panicked';
  readonly since: Timestamp;
  readonly reason: string;
  readonly actionRequired: string;
}

/** Restarts of the guest by itself that are on record as one event. */
export interface GuestReboot {
  readonly at: Timestamp;
  readonly times: number;
}

/** A guest that runs and has not said yet that it is ready. */
export interface Awaited {
  /** Of the epoch's start. */
  readonly since: Timestamp;
  /** It has not been in time, and that is on record. */
  readonly isLate: boolean;
  /** The command that goes on until it is ready; none: it has ended with the boot. */
  readonly command: AwaitingCommand | null;
}

export interface AwaitingCommand {
  readonly id: CommandId;
  readonly operationId: CommandId;
  readonly verb: Verb;
}

export interface LastStop {
  /** The event that recorded the stop. */
  readonly eventId: EventId;
  readonly cause: StopCause;
  readonly at: Timestamp;
  readonly forced: boolean;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export type Outcome = 'open' | 'succeeded' | 'failed' | 'expired' | 'cancelled';
/** The VM's memory of a command, by which a repeat is detected. */
export interface CommandRecord {
  readonly id: CommandId;
  readonly verb: Verb;
  readonly startBy: Timestamp;
  readonly outcome: Outcome;
}

export interface Vm {
  readonly tenant: TenantId;
  readonly id: VmId;
  readonly state: StateName;
  readonly owner: HostId | null;
  readonly hypervisor: HypervisorKind | null;
  readonly spec: VmSpec | null;
  /** The uploaded image that it was made of; absent: one of its host's own. */
  readonly image?: ImageManifest;
  readonly task: Task | null;
  readonly health: Health;
  /** Generation of the hypervisor process that the VM runs in; 0 before the first boot. */
  readonly epoch: number;
  readonly everCreated: boolean;
  /** A delete was requested: nothing may restore the VM. */
  readonly wantedGone: boolean;
  readonly failure: Failure | null;
  readonly residue: readonly Residue[];
  readonly attention: Attention | null;
  readonly lastStop: LastStop | null;
  /** The VM's state when its host was last lost; null when it never was. */
  readonly lostIn: StateName | null;
  readonly runningSince: Timestamp | null;
  /** When the guest of this epoch was ready. */
  readonly readyAt: Timestamp | null;
  /** Only where the spec says how it tells, until it does. */
  readonly awaited: Awaited | null;
  /** Times of boots by policy, newest last; bounded by the policy's `maxAttempts`. */
  readonly restarts: readonly Timestamp[];
  /** The newest restarts of the guest by itself in this process; enough to detect a loop. */
  readonly guestReboots: readonly GuestReboot[];
  readonly commands: readonly CommandRecord[];
  readonly createdAt: Timestamp | null;
  readonly updatedAt: Timestamp | null;
  readonly deletedAt: Timestamp | null;
  /** The traceparent of the last command that has begun on it. */
  readonly commandTraceparent?: string;
  /** The traceparent of the event of `lastStop`. */
  readonly stopTraceparent?: string;
  /** Events folded so far: 1, 2, 3 … */
  readonly revision: number;
  /** Hash of the event at `revision`. */
  readonly lastHash: string | null;
  /** Stream sequence of the last entry over the VM's filter, folded or ignored: the next append's expectation. */
  readonly sequence: number;
}

/** The next VM while one entry is folded. Only `evolve` holds it, and returns it as a `Vm`. */
export type Draft = { -readonly [Field in keyof Vm]: Vm[Field] };

export const initialVm = (tenant: TenantId, id: VmId): Vm => ({
  tenant,
  id,
  state: 'absent',
  owner: null,
  hypervisor: null,
  spec: null,
  task: null,
  health: 'unknown',
  epoch: 0,
  everCreated: false,
  wantedGone: false,
  failure: null,
  residue: [],
  attention: null,
  lastStop: null,
  lostIn: null,
  runningSince: null,
  readyAt: null,
  awaited: null,
  restarts: [],
  guestReboots: [],
  commands: [],
  createdAt: null,
  updatedAt: null,
  deletedAt: null,
  revision: 0,
  lastHash: null,
  sequence: 0,
});
