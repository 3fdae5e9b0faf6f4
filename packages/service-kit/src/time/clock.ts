/** Time as an input: code takes a `Clock`, so that a test controls the time. */

/** Two readings of time: `now` may jump when the system clock is set; `monotonicMs` never goes back. */
export interface Clock {
  /** The machine's wall clock; for a `StreamClock` the stream's time, which all recorded times use. */
  now(): Date;
  /** Milliseconds since an arbitrary start, for durations and deadlines. */
  monotonicMs(): number;
}

/** The system clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};

/** A clock that moves only by its methods. */
export interface ManualClock extends Clock {
  /** Moves both readings forward by `ms`. */
  advance(ms: number): void;
  /** Moves wall-clock time alone, as an operator or NTP would; `monotonicMs` is untouched. */
  jump(ms: number): void;
}

/** A `ManualClock` whose wall clock starts at `start` and whose monotonic reading starts at 0. */
export const createManualClock = (start: Date): ManualClock => {
  let wall = start.getTime();
  let monotonic = 0;
  return {
    now: () => new Date(wall),
    monotonicMs: () => monotonic,
    advance: (ms) => {
      wall += ms;
      monotonic += ms;
    },
    jump: (ms) => {
      wall += ms;
    },
  };
};
