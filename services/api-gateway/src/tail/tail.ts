// The gateway's one tail of EVENTS: it feeds every waiter and every stream, and the memory of owners and operations.
import type { EventLog, Recorded } from '@ironlog/event-log';
import { createRing, type Ring } from './ring.ts';

/** Entries kept for streams that join; they reach back further than the history file ever lags in health. */
const RING_ENTRIES = 10_000;
/** Read again at start: owners, and creates that were declined while no gateway was there. */
const REREAD_ENTRIES = 20_000;

export interface Tail {
  readonly ring: Ring;
  /** Told of every entry after the folds have seen it; must not throw. Returns its own undoing. */
  subscribe(onEntry: (entry: Recorded) => void): () => void;
  /** Resolves on abort; rejects when the log was replaced or the connection is gone for good. */
  readonly ended: Promise<void>;
}

export interface TailDeps {
  readonly log: Pick<EventLog, 'info' | 'tail'>;
  readonly signal: AbortSignal;
  /** In order, before any subscriber. */
  readonly folds: readonly ((entry: Recorded) => void)[];
}

/** Resolves when all that was on record at the call has been seen. */
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
