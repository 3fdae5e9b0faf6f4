// After a crash JetStream redelivers unacknowledged failures only after the ack wait: a crashed VM would stay down for
// 30 seconds. A start therefore handles them itself until they are redelivered; a double run is harmless (P6).
import { delay } from '@ironlog/service-kit';
import { type FailureMessage, handleFailure } from './failure-consumer.ts';
import type { RecoverDeps } from './recover.ts';
import type { Next } from './retry-delay.ts';

/** The consumer's ack wait, after which the messages are redelivered. */
const UNTIL_REDELIVERED_MS = 30_000;
/** First runs at once. */
const AT_ONCE = 64;

export interface ResumeDeps extends RecoverDeps {
  /** Delivered and not acked, in stream order. */
  readonly messages: readonly FailureMessage[];
}

/** Resolves when all of them have ended or are due for redelivery, or on abort. */
export const resumeCutOff = async (deps: ResumeDeps): Promise<void> => {
  const { messages, clock, signal } = deps;
  const untilMs = clock.monotonicMs() + UNTIL_REDELIVERED_MS;
  const followed: Promise<void>[] = [];
  for (let at = 0; at < messages.length && !signal.aborted; at += AT_ONCE) {
    const some = messages.slice(at, at + AT_ONCE);
    const handled = await Promise.all(
      some.map(async (message) => ({ message, next: await handleFailure(deps, message) })),
    );
    followed.push(...handled.map(({ message, next }) => follow(deps, message, { next, untilMs })));
  }
  await Promise.all(followed);
};

const follow = async (
  deps: ResumeDeps,
  message: FailureMessage,
  { next: first, untilMs }: { readonly next: Next; readonly untilMs: number },
): Promise<void> => {
  const { clock, signal } = deps;
  for (let next = first; next.kind === 'again' && clock.monotonicMs() + next.afterMs < untilMs; ) {
    await delay(next.afterMs, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
    if (signal.aborted) return;
    next = await handleFailure(deps, message);
  }
};
