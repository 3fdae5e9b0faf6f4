// When a failure is looked at again: soon while something quick is under way, ever more rarely the longer it takes.

/** What becomes of a failure's message: it has ended, it is to be brought back, or it never was a failure. */
export type Next =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'poison'; readonly reason: string };

/** A command on the simulator takes some 20 ms; a crashed VM is to run again in under a second. */
const SOONEST_MS = 50;
const LATEST_MS = 5_000;

/** After as long as it has taken so far, so that the looks double in distance; in milliseconds, within bounds. */
export const retryDelayMs = (takenMs: number, latestMs: number = LATEST_MS): number =>
  Math.max(SOONEST_MS, Math.min(latestMs, Math.round(takenMs)));
