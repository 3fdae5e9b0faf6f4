// The gateway's one tail of EVENTS: it feeds all waits and streams, and the memory of owners and operations.
import type { EventLog, Recorded } from '@ironlog/event-log';
import { createRing, type Ring } from './ring.ts';

/** Entries kept for streams that join: more than the history file lags while healthy. */
const RING_ENTRIES = 10_000;
/** Read again at start, for owners, and for creates declined while no gateway ran. */
const REREAD_ENTRIES = 20_000;

export interface Tail {
  readonly ring: Ring;
  /** Called for every entry after the folds; must not throw. Returns the unsubscribe function. */
  subscribe(onEntry: (entry: Recorded) => void): () => void;
  /** Resolves on abort; rejects when the log was replaced or the connection is closed for good. */
  readonly ended: Promise<void>;
}

export interface TailDeps {
  readonly log: Pick<EventLog, 'info' | 'tail'>;
  readonly signal: AbortSignal;
  /** In order, before any subscriber. */
  readonly folds: readonly ((entry: Recorded) => void)[];
}

/** Resolves when everything stored at the call has been received. */
export const startTail = async ({ log, signal, folds }: TailDeps): Promise<Tail> => {
  const { firstSequence, lastSequence } = await log.info();
  const after = Math.max(0, firstSequence - 1, lastSequence - REREAD_ENTRIES);
  const ring = createRing(RING_ENTRIES, after);
  const subscribers = new Set<(entry: Recorded) => void>();
  const caughtUp = Promise.withResolvers<void>();
  if (after >= lastSequence) caughtUp.resolve();

  const onBatch = (batch: readonly Recorded[]): void => {
    for (const entry of batch) {
      for (const fold of folds) fold(entry);
      ring.push(entry);
      for (const notify of subscribers) notify(entry);
      if (entry.sequence >= lastSequence) caughtUp.resolve();
    }
  };
  const ended = log.tail({ after, onBatch, signal });
  await Promise.race([caughtUp.promise, ended]);
  return {
    ring,
    subscribe: (onEntry) => {
      subscribers.add(onEntry);
      return () => {
        subscribers.delete(onEntry);
      };
    },
    ended,
  };
};
