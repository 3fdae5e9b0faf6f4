// Appends one event. The result: stored once under its expectation, certainly not stored, or unknown because the caller
// gave up. P4: the log itself refuses a stale writer. A retry repeats only what did not commit, or is recognised by its
// id.
import { type CommandRejected, encodeEvent, type HostEvent, type ImageEvent, type VmEvent } from '@ironlog/schemas';
import { unlessAborted } from './abort.ts';
import { APPEND_BACKOFF, backoffMs, pause } from './backoff.ts';
import { asError, EventLogError, LogReplacedError } from './errors.ts';
import type { EventStore, StoreAnswer, StoreRequest } from './event-store.ts';
import type { Observe } from './observation.ts';
import type { AppendRequest, AppendResult } from './port.ts';
import { hashOf } from './recorded.ts';
import { resolveConflict, resolveDuplicate, resolveRepeat } from './resolve-outcome.ts';

/** Consecutive 10071 answers without an entry after the expectation (some seconds): the expectation is from another log. */
const MAX_UNRESOLVED = 12;

type Step =
  | { readonly kind: 'done'; readonly result: AppendResult }
  | { readonly kind: 'again'; readonly cause: Error; readonly unresolved: boolean };

const done = (result: AppendResult): Step => ({ kind: 'done', result });
const again = (cause: Error, unresolved = false): Step => ({ kind: 'again', cause, unresolved });

export interface AppendDeps {
  readonly store: EventStore;
  readonly observe: Observe;
}

export const append = async (deps: AppendDeps, request: AppendRequest): Promise<AppendResult> => {
  const { filter, subject, expected, event, signal } = request;
  if (!filter.endsWith('.>') || !subject.startsWith(filter.slice(0, -1))) {
    throw new EventLogError(
      'subject-outside-filter',
      `subject ${subject} is not under its expectation's filter ${filter}: take both from @ironlog/schemas`,
    );
  }
  return untilResolved(deps, { ...encoded(subject, event), expectation: { filter, lastSequence: expected } }, signal);
};

export interface RejectionRequest {
  readonly subject: string;
  readonly event: CommandRejected;
  readonly signal?: AbortSignal;
}

export const appendRejection = (
  deps: AppendDeps,
  { subject, event, signal }: RejectionRequest,
): Promise<AppendResult> => untilResolved(deps, encoded(subject, event), signal);

const encoded = (subject: string, event: VmEvent | HostEvent | ImageEvent | CommandRejected): StoreRequest => ({
  subject,
  bytes: encodeEvent(event),
  messageId: event.id,
});

const untilResolved = async (
  deps: AppendDeps,
  request: StoreRequest,
  signal: AbortSignal | undefined,
): Promise<AppendResult> => {
  const startedAt = performance.now();
  let unresolved = 0;
  let cause = new Error('aborted before the first attempt');
  for (let attempt = 1; ; attempt++) {
    const step = signal?.aborted
      ? done({ kind: 'unknown', cause })
      : await unlessAborted(attemptOnce(deps.store, request), signal, gaveUp);
    if (step.kind === 'done') {
      deps.observe({ kind: 'append', outcome: step.result.kind, ms: performance.now() - startedAt, attempts: attempt });
      return step.result;
    }
    cause = step.cause;
    deps.observe({ kind: 'retry', operation: 'append', attempt, cause });
    unresolved = step.unresolved ? unresolved + 1 : 0;
    if (unresolved >= MAX_UNRESOLVED) throw await expectationAhead(deps.store, request, cause);
    await pause(backoffMs(attempt, APPEND_BACKOFF), signal);
  }
};

const gaveUp = (reason: unknown): Step => done({ kind: 'unknown', cause: asError(reason) });

const attemptOnce = async (store: EventStore, request: StoreRequest): Promise<Step> => {
  const answer = await store.store(request);
  switch (answer.kind) {
    case 'stored':
      return done({ kind: 'committed', sequence: answer.sequence, hash: hashOf(request.bytes) });
    case 'busy':
      return again(answer.cause);
    case 'unknown':
      return answer.closed ? done({ kind: 'unknown', cause: answer.cause }) : again(answer.cause);
    case 'duplicate':
    case 'wrong-last-sequence':
      try {
        const result = await resolve(store, request, answer);
        return result ? done(result) : again(refusalCause(answer), true);
      } catch (error) {
        if (error instanceof EventLogError && error.code !== 'log-unavailable') throw error;
        return again(asError(error));
      }
    default:
      return answer satisfies never;
  }
};

type Refusal = Extract<StoreAnswer, { kind: 'duplicate' | 'wrong-last-sequence' }>;

const resolve = async (
  store: EventStore,
  request: StoreRequest,
  refusal: Refusal,
): Promise<AppendResult | undefined> => {
  const { expectation } = request;
  if (!expectation) return refusal.kind === 'duplicate' ? resolveRepeat(store, request, refusal.sequence) : undefined;
  const expected = { ...request, expectation };
  return refusal.kind === 'duplicate'
    ? resolveDuplicate(store, expected, refusal.sequence)
    : resolveConflict(store, expected);
};

const refusalCause = (refusal: Refusal): Error =>
  refusal.kind === 'duplicate'
    ? new Error(`answered as a duplicate of sequence ${refusal.sequence}, which cannot be read`)
    : refusal.cause;

const expectationAhead = async (store: EventStore, request: StoreRequest, cause: Error): Promise<Error> => {
  const expected = request.expectation?.lastSequence ?? 0;
  const { lastSequence } = await store.info();
  if (lastSequence < expected)
    return new LogReplacedError(`sequence ${expected} was folded, but the log ends at ${lastSequence}`);
  return new EventLogError(
    'expectation-ahead',
    `${request.subject} expects sequence ${expected} over ${request.expectation?.filter}, which holds nothing after a lower one: fold only entries of that filter`,
    { cause },
  );
};
