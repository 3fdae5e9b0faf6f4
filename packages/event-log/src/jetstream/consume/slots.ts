// Bounds how many messages are in hand, and knows which, so that a redelivered copy is told from a new message.
export interface Slots {
  /** Resolves when one is free, or on abort. */
  free(signal: AbortSignal): Promise<void>;
  /** False: that sequence is in hand already. */
  take(sequence: number): boolean;
  release(sequence: number): void;
}

export const slots = (count: number): Slots => {
  const inHand = new Set<number>();
  let freed = Promise.withResolvers<void>();
  return {
    free: async (signal) => {
      while (inHand.size >= count && !signal.aborted) {
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
    release: (sequence) => {
      inHand.delete(sequence);
      freed.resolve();
      freed = Promise.withResolvers<void>();
    },
  };
};
