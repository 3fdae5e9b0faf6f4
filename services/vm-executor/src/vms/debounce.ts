// Combines calls in quick succession into one action, shortly after the first.
export interface Debounced {
  readonly soon: () => void;
  /** Cancels a pending action. */
  readonly stop: () => void;
}

/** At most one action per `afterMs`. */
export const debounce = (act: () => void, afterMs: number): Debounced => {
  let waiting: NodeJS.Timeout | undefined;
  return {
    soon: () => {
      waiting ??= setTimeout(() => {
        waiting = undefined;
        act();
      }, afterMs);
    },
    stop: () => clearTimeout(waiting),
  };
};
