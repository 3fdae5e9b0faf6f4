// The one function through which every command passes, from both doors: judged, named, routed, stored, and only then accepted.
import { type OperationState, pendingOperation } from '@ironlog/domain';
import type { WorkQueue } from '@ironlog/event-log';
import type { Whereabouts } from '@ironlog/read-model';
import type { HostId, WorkCommand } from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import type { Cancelled } from '../placement/cancel.ts';
import type { Answer } from '../placement/deleted.ts';
import type { Route } from '../placement/routing.ts';
import type { WaitingRoom } from '../placement/waiting-room.ts';
import type { OperationIndex } from '../tail/operations.ts';
import type { WhereaboutsIndex } from '../tail/vm-locations.ts';
import type { Reject } from './reject.ts';
import { whyUntimely } from './start-by.ts';
import type { Accepted, Judged, Refused, Submission } from './submission.ts';
import { judge } from './validate.ts';
import { workCommandOf } from './work-command.ts';

/** `signal` ends the retries of a publish whose fate is unknown. */
export type Accept = (submission: Submission, signal: AbortSignal) => Promise<Accepted>;

export interface AcceptDeps {
  readonly clock: Clock;
  readonly queue: Pick<WorkQueue, 'publish'>;
  readonly operations: OperationIndex;
  readonly whereabouts: WhereaboutsIndex;
  readonly waiting: WaitingRoom;
  readonly route: (judged: Judged) => Route;
  readonly cancel: (
    command: WorkCommand,
    where: Extract<Whereabouts, { kind: 'pending' }>,
    signal: AbortSignal,
  ) => Promise<Cancelled>;
  /** Of a VM that no host has and none will have. */
  readonly answerForDeleted: (command: WorkCommand) => Promise<Answer>;
  readonly reject: Reject;
  /** The operation as the read model will show it shortly; undefined when that takes too long. */
  readonly awaitOperation: (judged: Judged) => Promise<OperationState | undefined>;
  /** Whether the read model knows all that is on record by now, so that what it does not know is not there. */
  readonly caughtUp: () => Promise<boolean>;
}

interface Flying {
  readonly bodyHash: string;
  readonly answer: Promise<Accepted>;
}

export const createAccept = (deps: AcceptDeps): Accept => {
  const flying = new Map<string, Flying>();
  return async (submission, signal) => {
    const result = judge(submission);
    if (result.kind === 'refused') return result;
    const { judged } = result;
    if (submission.identity.kind === 'fresh') return begin(deps, judged, signal);
    // Fifty submits of one key at once are one command: all but the first wait for its answer.
    const key = `${submission.tenant}/${judged.id}`;
    const first = flying.get(key);
    if (first) return first.bodyHash === judged.request.bodyHash ? again(await first.answer) : mismatch(judged);
    const known = deps.operations.find(submission.tenant, judged.id);
    if (known) return repeat(judged, known);
    const answer = begin(deps, judged, signal).then(async (begun) =>
      begun.kind === 'refused' ? ((await earlier(deps, judged)) ?? begun) : begun,
    );
    flying.set(key, { bodyHash: judged.request.bodyHash, answer });
    try {
      return await answer;
    } finally {
      flying.delete(key);
    }
  };
};

const again = (answer: Accepted): Accepted => (answer.kind === 'accepted' ? { ...answer, repeated: true } : answer);

const mismatch = ({ submission, id, request }: Judged): Refused => ({
  kind: 'refused',
  bodyHash: request.bodyHash,
  code: 'idempotency-mismatch',
  reason:
    submission.identity.kind === 'key'
      ? `Idempotency-Key ${JSON.stringify(submission.identity.key.slice(0, 100))} was used for another request (operation ${id}); use a new key`
      : `command id ${id} was used for another request; use a new id`,
});

/** A rejection of a message too broken to hash has no hash: then the id alone tells. */
const repeat = (judged: Judged, known: OperationState): Accepted => {
  const { bodyHash } = known.request;
  if (bodyHash !== undefined && bodyHash !== judged.request.bodyHash) return mismatch(judged);
  return { kind: 'accepted', operation: known, repeated: true, workSequence: null };
};

/** P2: no refusal may be a second answer to what was stored or decided before this gateway began, and is not read yet. */
const earlier = async (deps: AcceptDeps, judged: Judged): Promise<Accepted | undefined> => {
  if (judged.submission.identity.kind === 'fresh') return undefined;
  const isCertain = await deps.caughtUp();
  const known = deps.operations.find(judged.submission.tenant, judged.id);
  if (known) return repeat(judged, known);
  return isCertain ? undefined : unstored(judged, 'the read model has not caught up with what is on record');
};

const begin = async (deps: AcceptDeps, judged: Judged, signal: AbortSignal): Promise<Accepted> => {
  const untimely = whyUntimely(judged, deps.clock.now());
  if (untimely) return untimely;
  const command = workCommandOf(judged);
  const route = deps.route(judged);
  switch (route.kind) {
    case 'no':
      return { ...route.refused, bodyHash: judged.request.bodyHash };
    case 'to':
      return store(deps, { judged, command, target: route.target, signal });
    case 'cancel': {
      const cancelled = await deps.cancel(command, route.where, signal);
      return cancelled.kind === 'claimed'
        ? store(deps, { judged, command, target: cancelled.host, signal })
        : settle(deps, { judged, command, signal }, cancelled);
    }
    case 'deleted':
      return settle(deps, { judged, command, signal }, await deps.answerForDeleted(command));
    default:
      return route satisfies never;
  }
};

interface Settling {
  readonly judged: Judged;
  readonly command: WorkCommand;
  readonly signal: AbortSignal;
}

/** A command that no host is asked about ends here, on record, whatever its outcome is. */
const settle = async (
  deps: AcceptDeps,
  { judged, command, signal }: Settling,
  answer: Exclude<Cancelled, { kind: 'claimed' }>,
): Promise<Accepted> => {
  if (answer.kind === 'refused') {
    const before = await earlier(deps, judged);
    return before ?? settle(deps, { judged, command, signal }, await deps.reject(command, answer.rejection, signal));
  }
  if (answer.kind === 'unknown') return unstored(judged, UNANSWERED);
  const { operation, repeated } = answer;
  deps.operations.follow(operation);
  return repeated ? repeat(judged, operation) : { kind: 'accepted', operation, repeated, workSequence: null };
};

interface Storing {
  readonly judged: Judged;
  readonly command: WorkCommand;
  readonly target: HostId | 'any';
  readonly signal: AbortSignal;
}

/** P1: what is told to the caller rests on the server's ack, which rests on its fsync. */
const store = async (deps: AcceptDeps, { judged, command, target, signal }: Storing): Promise<Accepted> => {
  const published = await deps.queue.publish(target, command, signal);
  if (published.kind === 'unknown') return unstored(judged, UNANSWERED);
  // Stored by a gateway before this one, and not in the read model yet: whose body it was must be read, not guessed.
  if (published.duplicate && judged.submission.identity.kind !== 'fresh') {
    const known = await deps.awaitOperation(judged);
    return known ? repeat(judged, known) : unstored(judged, 'an earlier command of the same id is not readable yet');
  }
  const operation = pendingOperation(command);
  deps.operations.follow(operation);
  if (command.data.action.verb === 'create') {
    deps.whereabouts.pending(command.tenant, command.subject, { kind: 'pending', target, createId: command.id });
    if (target === 'any') deps.waiting.enter(command.tenant, command.id, command.data.action.params.spec);
  }
  return { kind: 'accepted', operation, repeated: false, workSequence: published.sequence };
};

/** What NATS and its client have said is for operators: it is logged with each attempt, under the trace that the caller is told. */
const UNANSWERED = 'NATS has not answered in time';

const unstored = ({ id }: Judged, reason: string): Accepted => ({ kind: 'unstored', id, reason });
