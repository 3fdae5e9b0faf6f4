// Limits the deliveries in progress, and knows their sequences, so that a redelivered copy is recognised.
export interface Slots {
  /** Resolves when a slot is free, or on abort. */
  free(signal: AbortSignal): Promise<void>;
  /** False: a delivery of that sequence is in progress. */
  take(sequence: number): boolean;
  /** The delivery stays in progress and no longer needs a slot. */
  hold(sequence: number): void;
  release(sequence: number): void;
}

export const slots = (count: number): Slots => {
  const inProgress = new Set<number>();
  const held = new Set<number>();
  let freed = Promise.withResolvers<void>();
  const notify = (): void => {
    freed.resolve();
    freed = Promise.withResolvers<void>();
  };
  return {
    free: async (signal) => {
      while (inProgress.size - held.size >= count && !signal.aborted) {
        const aborted = Promise.withResolvers<void>();
        const onAbort = (): void => aborted.resolve();
        signal.addEventListener('abort', onAbort, { once: true });
        await Promise.race([freed.promise, aborted.promise]);
        signal.removeEventListener('abort', onAbort);
      }
    },
    take: (sequence) => {
      if (inProgress.has(sequence)) return false;
      inProgress.add(sequence);
      return true;
    },
    hold: (sequence) => {
      if (inProgress.has(sequence)) held.add(sequence);
      notify();
    },
    release: (sequence) => {
      inProgress.delete(sequence);
      held.delete(sequence);
      notify();
    },
  };
};
