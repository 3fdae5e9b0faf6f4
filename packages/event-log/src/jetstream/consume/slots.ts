// Bounds how many messages are in hand, and knows which, so that a redelivered copy is told from a new message.
export interface Slots {
  /** Resolves when one is free, or on abort. */
  free(signal: AbortSignal): Promise<void>;
  /** False: that sequence is in hand already. */
  take(sequence: number): boolean;
  /** It stays in hand and needs no slot any more. */
  hold(sequence: number): void;
  release(sequence: number): void;
}

export const slots = (count: number): Slots => {
  const inHand = new Set<number>();
  const held = new Set<number>();
  let freed = Promise.withResolvers<void>();
  const tell = (): void => {
    freed.resolve();
    freed = Promise.withResolvers<void>();
  };
  return {
    free: async (signal) => {
      while (inHand.size - held.size >= count && !signal.aborted) {
        const aborted = Promise.withResolvers<void>();
        const onAbort = (): void => aborted.resolve();
        signal.addEventListener('abort', onAbort, { once: true });
        await Promise.race([freed.promise, aborted.promise]);
        signal.removeEventListener('abort', onAbort);
      }
    },
    take: (sequence) => {
      if (inHand.has(sequence)) return false;
      inHand.add(sequence);
      return true;
    },
    hold: (sequence) => {
      if (inHand.has(sequence)) held.add(sequence);
      tell();
    },
    release: (sequence) => {
      inHand.delete(sequence);
      held.delete(sequence);
      tell();
    },
  };
};
