// An operation is a fold of EVENTS alone. The first outcome of a command wins; later outcomes change nothing.
import {
  type CommandId,
  isTenantEvent,
  type OperationError,
  type OperationStatus,
  type Request,
  type StoredEvent,
  type TenantId,
  type Timestamp,
  type Until,
  type Verb,
  type VmEvent,
  type VmId,
  type WorkCommand,
} from '@ironlog/schemas';
import { notReadyReason } from '../vm/readiness.ts';
import { TASKS, verbOfFailure, verbOfIntent } from '../vm/tasks.ts';

export interface OperationState {
  readonly id: CommandId;
  readonly tenant: TenantId;
  /** Null, like `verb`, for a rejected message that did not name it. */
  readonly vmId: VmId | null;
  readonly verb: Verb | null;
  readonly actor: string;
  readonly status: OperationStatus;
  readonly request: Omit<Request, 'bodyHash' | 'verb'> & {
    readonly verb?: Verb | undefined;
    readonly bodyHash?: string | undefined;
  };
  readonly startedAt: Timestamp | null;
  readonly finishedAt: Timestamp | null;
  /** A `create` with `start`: `created` does not end the operation. */
  readonly startAfterCreate: boolean;
  /** It goes on after the boot until the guest is ready. */
  readonly until?: Until | undefined;
  /** Stream sequence of the event that last changed it. */
  readonly sequence: number;
  readonly error?: OperationError;
}

/** The ids of the operations that one event may change. Each is folded with `foldOperation`. */
export const operationsOf = (stored: StoredEvent): readonly CommandId[] => {
  if (!isTenantEvent(stored)) return [];
  const { event } = stored;
  const ids = event.causationid ? [event.causationid] : [];
  if (stored.kind === 'rejection') return ids;
  const vmEvent = stored.event;
  const preempted = preemptedBy(vmEvent);
  if (preempted) ids.push(preempted);
  if (vmEvent.name === 'cancelled' && vmEvent.data.cancels) ids.push(vmEvent.data.cancels);
  return ids;
};

/**
 * Folds one event into an operation. `before` is `undefined` for an unknown operation; the result is `undefined` when
 * the event does not concern it. Only events that the VM's fold accepted may be passed.
 */
export const foldOperation = (
  id: CommandId,
  before: OperationState | undefined,
  stored: StoredEvent,
  sequence: number,
): OperationState | undefined => {
  if (before && before.finishedAt !== null) return before;
  if (!isTenantEvent(stored)) return before;
  if (stored.kind === 'rejection') {
    const { event } = stored;
    const { request, ...error } = event.data;
    const base = before ?? begin(id, event, event.data.request, sequence);
    const status = error.code === 'expired' ? 'expired' : 'rejected';
    return finish(base, { status, at: event.time, sequence, error });
  }
  return foldVmEvent(id, before, stored.event, sequence);
};

const foldVmEvent = (
  id: CommandId,
  before: OperationState | undefined,
  event: VmEvent,
  sequence: number,
): OperationState | undefined => {
  if (event.causationid !== id) {
    const base = before ?? cancelledCreate(id, event, sequence);
    return base && endedByAnother(id, base, event, sequence);
  }
  if (event.name === 'command-expired') {
    const base = before ?? begin(id, event, event.data.request, sequence);
    return finish(base, {
      status: 'expired',
      at: event.time,
      sequence,
      error: { code: 'expired', reason: event.data.reason, currentState: event.data.state },
    });
  }
  if (event.name === 'cancelled') {
    return finish(before ?? begin(id, event, event.data.request, sequence), {
      status: 'succeeded',
      at: event.time,
      sequence,
    });
  }
  if (verbOfIntent(event.name) !== undefined && 'request' in event.data) {
    const base = before ?? begin(id, event, event.data.request, sequence);
    const startAfterCreate = event.name === 'claimed' ? event.data.start : base.startAfterCreate;
    const until = 'until' in event.data ? event.data.until : base.until;
    const startedAt = base.startedAt ?? event.time;
    return { ...base, status: 'running', startedAt, startAfterCreate, ...(until && { until }), sequence };
  }
  return before ? outcome(before, event, sequence) : undefined;
};

const outcome = (before: OperationState, event: VmEvent, sequence: number): OperationState => {
  const { verb } = before;
  // A message without a verb has ended with its rejection.
  if (verb === null) return before;
  if (event.name === 'lost')
    return finish(before, {
      status: 'failed',
      at: event.time,
      sequence,
      error: { code: 'lost', reason: event.data.reason },
    });
  if (event.name === 'crashed') {
    return TASKS[verb].onCrash === 'continue'
      ? before
      : finish(before, {
          status: 'failed',
          at: event.time,
          sequence,
          error: { code: 'crashed', reason: event.data.reason, retryable: true },
        });
  }
  if (event.name === 'stopped' && verb !== 'shutdown' && verb !== 'delete') {
    return finish(before, {
      status: 'failed',
      at: event.time,
      sequence,
      error: { code: 'stopped', reason: `the VM stopped (${event.data.cause}) before the command ended` },
    });
  }
  if (event.name === 'not-ready')
    return finish(before, {
      status: 'failed',
      at: event.time,
      sequence,
      error: { code: 'not-ready', reason: notReadyReason(event.data.afterMs), retryable: true },
    });
  const failedVerb = verbOfFailure(event.name);
  if (failedVerb !== undefined && 'stage' in event.data) {
    const { code, reason, retryable } = event.data;
    return finish(before, { status: 'failed', at: event.time, sequence, error: { code, reason, retryable } });
  }
  return endsWell(verb, before, event) ? finish(before, { status: 'succeeded', at: event.time, sequence }) : before;
};

/** A `create` with `start` ends with `booted`; without it, with `created`. One that goes on until the guest is ready, with `ready`. */
const endsWell = (verb: Verb, before: OperationState, event: VmEvent): boolean => {
  if (before.until) return event.name === 'ready';
  if (verb === 'create') return event.name === 'booted' || (event.name === 'created' && !before.startAfterCreate);
  return event.name === TASKS[verb].success;
};

/** A create that no host claimed: the cancelling event is the first event that names it. */
const cancelledCreate = (id: CommandId, event: VmEvent, sequence: number): OperationState | undefined => {
  if (event.name !== 'cancelled' || event.data.cancels !== id) return undefined;
  const { request, create } = event.data;
  if (create) return begin(id, { ...event, actor: create.actor }, create.request, sequence);
  // Older releases stored only the create's id. The delete's times and actor are used instead (P2).
  const { bodyHash: _, ...known } = request;
  return begin(id, event, { ...known, verb: 'create' }, sequence);
};

const preemptedBy = (event: VmEvent): CommandId | undefined =>
  'preempts' in event.data ? event.data.preempts : undefined;

const endedByAnother = (id: CommandId, before: OperationState, event: VmEvent, sequence: number): OperationState => {
  const preempted = preemptedBy(event) === id;
  const cancelled = event.name === 'cancelled' && event.data.cancels === id;
  if (!preempted && !cancelled) return before;
  const reason = preempted
    ? `pre-empted by ${verbOfIntent(event.name) ?? 'another'} ${event.causationid ?? ''}`.trim()
    : 'deleted before any host claimed it';
  return finish(before, {
    status: 'failed',
    at: event.time,
    sequence,
    error: { code: preempted ? 'preempted' : 'cancelled', reason, retryable: false },
  });
};

interface Caused {
  readonly tenant: TenantId;
  readonly subject?: VmId | undefined;
  /** The requester, for every event that decides a command, independent of its writer. */
  readonly actor: string;
}

const begin = (id: CommandId, event: Caused, request: OperationState['request'], sequence: number): OperationState => ({
  id,
  tenant: event.tenant,
  vmId: event.subject ?? null,
  verb: request.verb ?? null,
  actor: event.actor,
  status: 'pending',
  request,
  startedAt: null,
  finishedAt: null,
  startAfterCreate: false,
  sequence,
});

/** The operation of a command without an outcome: EVENTS holds nothing of it yet, hence sequence 0. */
export const pendingOperation = (command: WorkCommand): OperationState => {
  const { action, request } = command.data;
  const startAfterCreate = action.verb === 'create' && action.params.start;
  const until = action.verb === 'create' || action.verb === 'boot' ? action.params.until : undefined;
  return { ...begin(command.id, command, request, 0), startAfterCreate, ...(until && { until }) };
};

interface End {
  status: OperationStatus;
  at: Timestamp;
  sequence: number;
  error?: OperationError;
}
const finish = (before: OperationState, { status, at, sequence, error }: End): OperationState => ({
  ...before,
  status,
  finishedAt: at,
  sequence,
  ...(error === undefined ? {} : { error }),
});
