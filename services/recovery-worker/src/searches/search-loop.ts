// Runs the searches in sequence every few seconds. A failing one is logged and shown in readiness, and the others
// continue (P8).
import { LogUnavailableError } from '@ironlog/event-log';
import { ReadModelNotReady } from '@ironlog/read-model';
import { delay, type Runtime } from '@ironlog/service-kit';

export interface Search {
  /** Its name in the readiness report. */
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface ScannerDeps {
  readonly runtime: Pick<Runtime, 'health' | 'logger'>;
  readonly searches: readonly Search[];
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** However short the interval: a failed search is not repeated, nor logged, more often than this. */
const AFTER_FAILURE_MS = 2_000;

/** Resolves on abort, when no search is running. */
export const runSearches = async ({ runtime, searches, everyMs, signal }: ScannerDeps): Promise<void> => {
  while (!signal.aborted) {
    let failed = false;
    for (const search of searches) if (!signal.aborted && !(await runOnce(runtime, search, signal))) failed = true;
    await delay(failed ? Math.max(everyMs, AFTER_FAILURE_MS) : everyMs, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
  }
};

/** `false`: it failed. */
const runOnce = async (
  { health, logger }: ScannerDeps['runtime'],
  { name, run }: Search,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    await run();
    health.set(name, { ok: true });
    return true;
  } catch (err) {
    // A search interrupted by the stop starts again at the next start.
    if (signal.aborted) return true;
    health.set(name, { ok: false, reason: err instanceof Error ? err.message : String(err) });
    const isExpected = err instanceof ReadModelNotReady || err instanceof LogUnavailableError;
    logger[isExpected ? 'warn' : 'error']({ err, name }, 'a search failed; it is retried');
    return false;
  }
};
