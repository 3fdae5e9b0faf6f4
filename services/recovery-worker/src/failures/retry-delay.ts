// The delay before a failure's next run: short at first, longer the longer it takes.

/** The result of a failure's message: ended, to be redelivered, or not a failure. */
export type Next =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'poison'; readonly reason: string };

/** A command on the simulator takes some 20 ms; a crashed VM must run again in under a second. */
const SOONEST_MS = 50;
const LATEST_MS = 5_000;

/** The time taken so far, so that the delays double; in milliseconds, within limits. */
export const retryDelayMs = (takenMs: number, latestMs: number = LATEST_MS): number =>
  Math.max(SOONEST_MS, Math.min(latestMs, Math.round(takenMs)));
