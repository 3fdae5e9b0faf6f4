/** Retries with exponential backoff and full jitter, ended at once by an abort. */
import { setTimeout as sleep } from 'node:timers/promises';

/** How the delay grows. The delay before retry n (from 1) is uniform in [0, min(maxMs, baseMs * 2^(n-1))]. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1); replaced in tests. */
  readonly random?: () => number;
}

/** The result of one attempt. `again` is for failures that certainly had no effect, or whose effect is idempotent (P6). */
export type Attempt<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'again'; readonly cause: unknown };

/** Milliseconds to wait after the `attempt`-th failure (from 1). Full jitter spreads a fleet's retries. */
export const backoffMs = (attempt: number, { baseMs, maxMs, random = Math.random }: Backoff): number => {
  // Past 2^30 the cap is long reached; a larger exponent would only overflow.
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.floor(random() * ceiling);
};

/** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
export const delay = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause;
  }
};

/** Settings of `retry`. */
export interface RetryOptions {
  readonly backoff: Backoff;
  /** The only limit: without an abort it retries for ever. */
  readonly signal: AbortSignal;
  /** Called for every failed attempt before the delay, so that no failure goes unnoticed (P8). */
  readonly onAgain: (again: { attempt: number; waitMs: number; cause: unknown }) => void;
}

/**
 * Runs `attempt` until it succeeds. An error that it throws is a bug or final: it is rethrown, never retried. Rejects
 * with the signal's reason when aborted.
 */
export const retry = async <T>(
  { backoff, signal, onAgain }: RetryOptions,
  attempt: (number: number) => Promise<Attempt<T>>,
): Promise<T> => {
  for (let number = 1; ; number++) {
    signal.throwIfAborted();
    const result = await attempt(number);
    if (result.kind === 'done') return result.value;
    const waitMs = backoffMs(number, backoff);
    onAgain({ attempt: number, waitMs, cause: result.cause });
    await delay(waitMs, signal);
  }
};
