// The one function for every command, from HTTP and NATS: validated, named, routed, stored, and only then accepted.
import { type OperationState, pendingOperation } from '@ironlog/domain';
import type { WorkQueue } from '@ironlog/event-log';
import type { VmLocation } from '@ironlog/read-model';
import type { HostId, ImageId, ImageManifest, WorkCommand } from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import type { Cancelled } from '../placement/cancel.ts';
import type { Answer } from '../placement/deleted.ts';
import type { Route } from '../placement/routing.ts';
import type { WaitingRoom } from '../placement/waiting-room.ts';
import type { OperationIndex } from '../tail/operations.ts';
import type { VmLocations } from '../tail/vm-locations.ts';
import type { Reject } from './reject.ts';
import { whyUntimely } from './start-by.ts';
import type { Accepted, Refused, Submission, Validated } from './submission.ts';
import { validate } from './validate.ts';
import { workCommandOf } from './work-command.ts';

/** `signal` ends the retries of a publish with an unknown result. */
export type Accept = (submission: Submission, signal: AbortSignal) => Promise<Accepted>;

export interface AcceptDeps {
  readonly clock: Clock;
  readonly queue: Pick<WorkQueue, 'publish'>;
  readonly operations: OperationIndex;
  readonly vmLocation: VmLocations;
  readonly waiting: WaitingRoom;
  /** What an image is on record as; `undefined`: it is not. */
  readonly image: (id: ImageId) => ImageManifest | undefined;
  readonly route: (validated: Validated, image: ImageManifest | undefined) => Route;
  readonly cancel: (
    command: WorkCommand,
    where: Extract<VmLocation, { kind: 'pending' }>,
    signal: AbortSignal,
  ) => Promise<Cancelled>;
  /** For a VM that no host has and none will have. */
  readonly answerForDeleted: (command: WorkCommand) => Promise<Answer>;
  readonly reject: Reject;
  /** The operation as the read model will show it shortly; undefined when that takes too long. */
  readonly awaitOperation: (validated: Validated) => Promise<OperationState | undefined>;
  /** Whether the read model has everything stored so far, so that a missing entry does not exist. */
  readonly caughtUp: () => Promise<boolean>;
}

interface Flying {
  readonly bodyHash: string;
  readonly answer: Promise<Accepted>;
}

export const createAccept = (deps: AcceptDeps): Accept => {
  const flying = new Map<string, Flying>();
  return async (submission, signal) => {
    const result = validate(submission);
    if (result.kind === 'refused') return result;
    const { validated } = result;
    if (submission.identity.kind === 'fresh') return begin(deps, validated, signal);
    // Concurrent submissions of one key are one command: all but the first wait for its answer.
    const key = `${submission.tenant}/${validated.id}`;
    const first = flying.get(key);
    if (first) return first.bodyHash === validated.request.bodyHash ? again(await first.answer) : mismatch(validated);
    const known = deps.operations.find(submission.tenant, validated.id);
    if (known) return repeat(validated, known);
    const answer = begin(deps, validated, signal).then(async (begun) =>
      begun.kind === 'refused' ? ((await earlier(deps, validated)) ?? begun) : begun,
    );
    flying.set(key, { bodyHash: validated.request.bodyHash, answer });
    try {
      return await answer;
    } finally {
      flying.delete(key);
    }
  };
};

const again = (answer: Accepted): Accepted => (answer.kind === 'accepted' ? { ...answer, repeated: true } : answer);

const mismatch = ({ submission, id, request }: Validated): Refused => ({
  kind: 'refused',
  bodyHash: request.bodyHash,
  code: 'idempotency-mismatch',
  reason:
    submission.identity.kind === 'key'
      ? `Idempotency-Key ${JSON.stringify(submission.identity.key.slice(0, 100))} was used for another request (operation ${id}); use a new key`
      : `command id ${id} was used for another request; use a new id`,
});

/** A rejection of a message without a body hash has none: then the id alone is compared. */
const repeat = (validated: Validated, known: OperationState): Accepted => {
  const { bodyHash } = known.request;
  if (bodyHash !== undefined && bodyHash !== validated.request.bodyHash) return mismatch(validated);
  return { kind: 'accepted', operation: known, repeated: true, workSequence: null };
};

/** P2: a refusal must not be a second outcome of a command that was stored or decided earlier and is not folded yet. */
const earlier = async (deps: AcceptDeps, validated: Validated): Promise<Accepted | undefined> => {
  if (validated.submission.identity.kind === 'fresh') return undefined;
  const isCertain = await deps.caughtUp();
  const known = deps.operations.find(validated.submission.tenant, validated.id);
  if (known) return repeat(validated, known);
  return isCertain ? undefined : unstored(validated, 'the read model has not caught up with the log');
};

const begin = async (deps: AcceptDeps, validated: Validated, signal: AbortSignal): Promise<Accepted> => {
  const untimely = whyUntimely(validated, deps.clock.now());
  if (untimely) return untimely;
  const { action } = validated;
  const named = action.verb === 'create' ? action.params.spec.image : undefined;
  const image = named && deps.image(named);
  const command = workCommandOf(validated, image);
  const route = deps.route(validated, image);
  switch (route.kind) {
    case 'no':
      return { ...route.refused, bodyHash: validated.request.bodyHash };
    case 'to':
      return store(deps, { validated, command, target: route.target, signal });
    case 'cancel': {
      const cancelled = await deps.cancel(command, route.where, signal);
      return cancelled.kind === 'claimed'
        ? store(deps, { validated, command, target: cancelled.host, signal })
        : endCancelled(deps, { validated, command, signal }, cancelled);
    }
    case 'deleted':
      return endCancelled(deps, { validated, command, signal }, await deps.answerForDeleted(command));
    default:
      return route satisfies never;
  }
};

interface CancelledCommand {
  readonly validated: Validated;
  readonly command: WorkCommand;
  readonly signal: AbortSignal;
}

/** A command without a host ends here, on record, whatever its outcome. */
const endCancelled = async (
  deps: AcceptDeps,
  { validated, command, signal }: CancelledCommand,
  answer: Exclude<Cancelled, { kind: 'claimed' }>,
): Promise<Accepted> => {
  if (answer.kind === 'refused') {
    const before = await earlier(deps, validated);
    return (
      before ?? endCancelled(deps, { validated, command, signal }, await deps.reject(command, answer.rejection, signal))
    );
  }
  if (answer.kind === 'unknown') return unstored(validated, UNANSWERED);
  const { operation, repeated } = answer;
  deps.operations.follow(operation);
  return repeated ? repeat(validated, operation) : { kind: 'accepted', operation, repeated, workSequence: null };
};

interface Storing {
  readonly validated: Validated;
  readonly command: WorkCommand;
  readonly target: HostId | 'any';
  readonly signal: AbortSignal;
}

/** P1: the answer to the caller depends on the server's ack, which depends on its fsync. */
const store = async (deps: AcceptDeps, { validated, command, target, signal }: Storing): Promise<Accepted> => {
  const published = await deps.queue.publish(target, command, signal);
  if (published.kind === 'unknown') return unstored(validated, UNANSWERED);
  // Stored by another gateway and not in the read model yet: its body must be read to compare it.
  if (published.duplicate && validated.submission.identity.kind !== 'fresh') {
    const known = await deps.awaitOperation(validated);
    return known
      ? repeat(validated, known)
      : unstored(validated, 'an earlier command of the same id is not readable yet');
  }
  const operation = pendingOperation(command);
  deps.operations.follow(operation);
  if (command.data.action.verb === 'create') {
    deps.vmLocation.pending(command.tenant, command.subject, { kind: 'pending', target, createId: command.id });
    if (target === 'any') deps.waiting.enter(command.tenant, command.id, command.data.action.params.spec);
  }
  return { kind: 'accepted', operation, repeated: false, workSequence: published.sequence };
};

/** The errors of NATS and its client are for operators: each attempt is logged with them, under the caller's trace. */
const UNANSWERED = 'NATS has not answered in time';

const unstored = ({ id }: Validated, reason: string): Accepted => ({ kind: 'unstored', id, reason });
