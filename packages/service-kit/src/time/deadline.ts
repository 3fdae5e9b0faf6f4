/** A deadline on the monotonic clock, so that a change of the system time neither reaches nor extends it. */
import { type Clock, systemClock } from './clock.ts';

/** A time limit of a wait. */
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
