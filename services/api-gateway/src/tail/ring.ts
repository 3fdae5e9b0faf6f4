// The last events that this gateway received, in order: they cover the gap between the history file and the present.
import type { Recorded } from '@ironlog/event-log';

export interface Ring {
  push(entry: Recorded): void;
  /** Every entry after `sequence`; undefined when the ring no longer has them all: read history first. */
  since(sequence: number): readonly Recorded[] | undefined;
  /** The last sequence received; before the first entry, the tail's start. */
  last(): number;
}

/** `from`: the tail's start, exclusive. */
export const createRing = (limit: number, from: number): Ring => {
  let entries: Recorded[] = [];
  /** Entries up to this sequence are dropped. */
  let forgotten = from;
  return {
    push: (entry) => {
      entries.push(entry);
      // Entries are dropped at twice the limit: a shift per event would copy the ring each time.
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
