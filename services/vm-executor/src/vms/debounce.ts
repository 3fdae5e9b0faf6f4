// Calls that come close together are one act, a little after the first.
export interface Debounced {
  readonly soon: () => void;
  /** What waits is not done any more. */
  readonly stop: () => void;
}

/** At most one act in each `afterMs`. */
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
