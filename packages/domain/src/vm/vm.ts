// A VM as its log tells it: the aggregate that `evolve` folds and `decide` reads. Plain data, fit for a snapshot.
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

/** The verb in flight; its intent holds all that is needed to resume it after a crash. */
export interface Task {
  readonly verb: Verb;
  readonly commandId: CommandId;
  readonly operationId: CommandId;
  readonly actor: string;
  readonly startedAt: Timestamp;
  readonly deadline: Timestamp;
  readonly intent: Intent;
  /** A `create` with `start`: `created` does not end the command, the boot that follows does. */
  readonly thenBoot: boolean;
  readonly traceparent?: string;
}

export interface Failure {
  /** The root failure: what recovery's commands name as `ifFailure`. */
  readonly eventId: EventId;
  readonly event: VmEventName;
  readonly at: Timestamp;
  readonly stage: string;
  readonly reason: string;
  readonly retryable: boolean;
  /** Cleanup attempts made for it so far. */
  readonly attempts: number;
  /** The VM's stable state when it came; of a lost VM the one that it was lost in. */
  readonly from: StateName;
  /** The door of the task that failed by it; null where none was in flight. */
  readonly door: Request['door'] | null;
}

export interface Attention {
  readonly kind: 'stuck' | 'cleanup-abandoned' | 'diverged' | 'lost' | 'unresponsive' | 'reboot-loop';
  readonly since: Timestamp;
  readonly reason: string;
  readonly actionRequired: string;
}

/** Restarts of the guest by itself that are on record as one event. */
export interface GuestReboot {
  readonly at: Timestamp;
  readonly times: number;
}

export interface LastStop {
  /** The event that says so. */
  readonly eventId: EventId;
  readonly cause: StopCause;
  readonly at: Timestamp;
  readonly forced: boolean;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export type Outcome = 'open' | 'succeeded' | 'failed' | 'expired' | 'cancelled';
/** What the VM remembers of a command, so that a repeat is answered and not repeated. */
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
  /** A delete has been asked for: nothing may bring the VM back. */
  readonly wantedGone: boolean;
  readonly failure: Failure | null;
  readonly residue: readonly Residue[];
  readonly attention: Attention | null;
  readonly lastStop: LastStop | null;
  /** The state that its host was last lost in; null where it never was. */
  readonly lostIn: StateName | null;
  readonly runningSince: Timestamp | null;
  /** Times of boots by policy, newest last; bounded by the policy's `maxAttempts`. */
  readonly restarts: readonly Timestamp[];
  /** The newest restarts of the guest by itself in this process; as many as tell a loop. */
  readonly guestReboots: readonly GuestReboot[];
  readonly commands: readonly CommandRecord[];
  readonly createdAt: Timestamp | null;
  readonly updatedAt: Timestamp | null;
  readonly deletedAt: Timestamp | null;
  /** Events folded so far: 1, 2, 3 … */
  readonly revision: number;
  /** Hash of the event at `revision`. */
  readonly lastHash: string | null;
  /** Stream sequence of the last entry over the VM's filter, folded or ignored: the next append's expectation. */
  readonly sequence: number;
}

/** The next VM while one entry is folded into it: `evolve` alone holds it, and hands it out as a `Vm`. */
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
