// The last events that this gateway has seen, in order: what bridges the gap between the history file and this moment.
import type { Recorded } from '@ironlog/event-log';

export interface Ring {
  push(entry: Recorded): void;
  /** Every entry after `sequence`; undefined where the ring no longer reaches back that far: read history first. */
  since(sequence: number): readonly Recorded[] | undefined;
  /** The last sequence seen; before the first entry, where the tail began. */
  last(): number;
}

/** `from`: the tail's start, exclusive. */
export const createRing = (limit: number, from: number): Ring => {
  let entries: Recorded[] = [];
  /** Entries at and below this sequence are gone. */
  let forgotten = from;
  return {
    push: (entry) => {
      entries.push(entry);
      // Twice the limit before anything moves: a shift per event would copy the ring each time.
      if (entries.length < limit * 2) return;
      const dropped = entries.length - limit;
      forgotten = entries[dropped - 1]?.sequence ?? forgotten;
      entries = entries.slice(dropped);
    },
    since: (sequence) => {
      if (sequence < forgotten) return undefined;
      let low = 0;
      let high = entries.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((entries[middle]?.sequence ?? 0) <= sequence) low = middle + 1;
        else high = middle;
      }
      return entries.slice(low);
    },
    last: () => entries.at(-1)?.sequence ?? forgotten,
  };
};
