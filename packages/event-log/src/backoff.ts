// Delays between attempts: exponential with full jitter, so that racing writers do not stay in step; always bounded.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** For a delay of milliseconds by another write (10164), and for an unavailable server. */
export const APPEND_BACKOFF: Backoff = { firstMs: 5, maxMs: 1_000 };
export const RECONNECT_BACKOFF: Backoff = { firstMs: 20, maxMs: 2_000 };

/** Milliseconds to wait after the `attempt`-th failure (from 1). */
export const backoffMs = (attempt: number, { firstMs, maxMs }: Backoff): number =>
  Math.random() * Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 20));

/** Waits; ends early, without an error, when the signal aborts. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  if (signal?.aborted) return;
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
};
