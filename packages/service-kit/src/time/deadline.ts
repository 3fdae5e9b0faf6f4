/** A deadline measured on the monotonic clock, so that setting the machine's time neither passes nor prolongs it. */
import { type Clock, systemClock } from './clock.ts';

/** A moment after which nobody waits any longer. */
export interface Deadline {
  /** Milliseconds left; 0 once it has passed. */
  remainingMs(): number;
  passed(): boolean;
}

/** A deadline `ms` milliseconds from now. */
export const createDeadline = (ms: number, clock: Clock = systemClock): Deadline => {
  const end = clock.monotonicMs() + ms;
  const remainingMs = (): number => Math.max(0, end - clock.monotonicMs());
  return { remainingMs, passed: () => remainingMs() === 0 };
};
