// Every entry over one filter after a sequence, one request each: for an aggregate's few entries, not for a replay.
import { backoffMs, pause, RECONNECT_BACKOFF } from '../../backoff.ts';
import { asError } from '../../errors.ts';
import type { Recorded } from '../../port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { readNext, toRecorded } from './read-stored.ts';

const MAX_ATTEMPTS = 6;

export const readSince = async (
  deps: JetStreamDeps,
  stream: string,
  { filter, after }: { filter: string; after: number },
): Promise<readonly Recorded[]> => {
  const entries: Recorded[] = [];
  for (let seq = after + 1; ; ) {
    const message = await readNext(deps, stream, { seq, next_by_subj: filter });
    if (!message) return entries;
    entries.push(toRecorded(message));
    seq = message.seq + 1;
  }
};

/** Reads have no effect, so they are retried a few times; then the last error is thrown. */
export const withRetries = async <T>(deps: JetStreamDeps, read: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || deps.connection.isClosed()) throw error;
      deps.observe({ kind: 'retry', operation: 'read', attempt, cause: asError(error) });
      await pause(backoffMs(attempt, RECONNECT_BACKOFF));
    }
  }
};
