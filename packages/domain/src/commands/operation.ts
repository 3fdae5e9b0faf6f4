// An operation is a fold of EVENTS alone: the first outcome of a command wins, and later ones change nothing.
import {
  type CommandId,
  isTenantEvent,
  type OperationError,
  type OperationStatus,
  type Request,
  type StoredEvent,
  type TenantId,
  type Timestamp,
  type Verb,
  type VmEvent,
  type VmId,
  type WorkCommand,
} from '@ironlog/schemas';
import { TASKS, verbOfFailure, verbOfIntent } from '../vm/tasks.ts';

export interface OperationState {
  readonly id: CommandId;
  readonly tenant: TenantId;
  /** Null, as `verb`: a message that did not name one, which is rejected. */
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
  /** A `create` with `start`: `created` does not end it. */
  readonly startAfterCreate: boolean;
  /** Stream sequence of the event that last changed it. */
  readonly sequence: number;
  readonly error?: OperationError;
}

/** What one event does to operations: the ids it may concern, each folded with `foldOperation`. */
export const operationsOf = (stored: StoredEvent): readonly CommandId[] => {
  if (!isTenantEvent(stored)) return [];
  const { event } = stored;
  const ids = event.causationid ? [event.causationid] : [];
  if (stored.kind === 'rejection') return ids;
  const vmEvent = stored.event;
  if (vmEvent.name === 'delete-started' && vmEvent.data.preempts) ids.push(vmEvent.data.preempts);
  if (vmEvent.name === 'cancelled' && vmEvent.data.cancels) ids.push(vmEvent.data.cancels);
  return ids;
};

/**
 * `undefined` in: the operation is not known yet. `undefined` out: the event says nothing of it.
 * Only events that the VM's own fold took may be given: an ignored entry decides no operation.
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
    return { ...base, status: 'running', startedAt: base.startedAt ?? event.time, startAfterCreate, sequence };
  }
  return before ? outcome(before, event, sequence) : undefined;
};

const outcome = (before: OperationState, event: VmEvent, sequence: number): OperationState => {
  const { verb } = before;
  // A message that named no verb ended with its rejection.
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
      error: { code: 'stopped', reason: `the VM stopped (${event.data.cause}) before this was done` },
    });
  }
  const failedVerb = verbOfFailure(event.name);
  if (failedVerb !== undefined && 'stage' in event.data) {
    const { code, reason, retryable } = event.data;
    return finish(before, { status: 'failed', at: event.time, sequence, error: { code, reason, retryable } });
  }
  return endsWell(verb, before, event) ? finish(before, { status: 'succeeded', at: event.time, sequence }) : before;
};

/** A `create` with `start` ends with `booted`; without it, with `created`. */
const endsWell = (verb: Verb, before: OperationState, event: VmEvent): boolean => {
  if (verb === 'create') return event.name === 'booted' || (event.name === 'created' && !before.startAfterCreate);
  return event.name === TASKS[verb].success;
};

/** A create that no host has claimed: no event before the one that cancels it speaks of it. */
const cancelledCreate = (id: CommandId, event: VmEvent, sequence: number): OperationState | undefined => {
  if (event.name !== 'cancelled' || event.data.cancels !== id) return undefined;
  const { request, create } = event.data;
  if (create) return begin(id, { ...event, actor: create.actor }, create.request, sequence);
  // Stored by a release that named the create and no more: the delete's times and actor stand for its own (P2).
  const { bodyHash: _, ...known } = request;
  return begin(id, event, { ...known, verb: 'create' }, sequence);
};

const endedByAnother = (id: CommandId, before: OperationState, event: VmEvent, sequence: number): OperationState => {
  const preempted = event.name === 'delete-started' && event.data.preempts === id;
  const cancelled = event.name === 'cancelled' && event.data.cancels === id;
  if (!preempted && !cancelled) return before;
  const reason = preempted
    ? `pre-empted by delete ${event.causationid ?? ''}`.trim()
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
  /** Who asked: so it is for every event that decides a command, whoever its writer is. */
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

/** A command that nobody has decided yet: nothing in EVENTS speaks of it, hence sequence 0. */
export const pendingOperation = (command: WorkCommand): OperationState => {
  const { action, request } = command.data;
  const startAfterCreate = action.verb === 'create' && action.params.start;
  return { ...begin(command.id, command, request, 0), startAfterCreate };
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
