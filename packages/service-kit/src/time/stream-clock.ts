/**
 * The stream's time on this machine: the last reading of nats-server's clock, advanced by the monotonic clock. The machine's
 * wall clock is not used, so a wrong or changed one has no effect.
 */
import type { Clock } from './clock.ts';

/** One request to the stream's leader, with this machine's monotonic clock before and after it. */
export interface TimeReading {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  readonly serverMs: number;
}

/** This machine's wall clock minus the stream's, positive if it is ahead; `errorMs` bounds the error. */
export interface ClockOffset {
  readonly offsetMs: number;
  readonly errorMs: number;
}

/** The maximum drift between two machines' monotonic clocks: NTP disciplines a clock within 500 parts in a million. */
const DRIFT = 0.0005;
/** Both clocks are read in whole milliseconds. */
const ROUNDING_MS = 1;

interface Anchor {
  /** The stream's time minus the monotonic reading. */
  readonly leadMs: number;
  readonly errorMs: number;
  readonly atMs: number;
}

const anchorOf = ({ askedAtMs, answeredAtMs, serverMs }: TimeReading): Anchor => ({
  leadMs: serverMs - (askedAtMs + answeredAtMs) / 2,
  errorMs: (answeredAtMs - askedAtMs) / 2 + ROUNDING_MS,
  atMs: answeredAtMs,
});

export class StreamClock implements Clock {
  readonly #machine: Clock;
  #anchor: Anchor;

  constructor(machine: Clock, first: TimeReading) {
    this.#machine = machine;
    this.#anchor = anchorOf(first);
  }

  now(): Date {
    return new Date(Math.round(this.monotonicMs() + this.#anchor.leadMs));
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs();
  }

  /** Uses the reading if its error is now the smaller one, or if it contradicts the current one: the leader changed, or its clock was set. */
  read(reading: TimeReading): void {
    const next = anchorOf(reading);
    const currentErrorMs = this.#errorMs();
    const differs = Math.abs(next.leadMs - this.#anchor.leadMs) > next.errorMs + currentErrorMs;
    if (differs || next.errorMs <= currentErrorMs) this.#anchor = next;
  }

  /** The current offset of the machine's wall clock. */
  offset(): ClockOffset {
    return { offsetMs: this.#machine.now().getTime() - this.now().getTime(), errorMs: this.#errorMs() };
  }

  #errorMs(): number {
    return this.#anchor.errorMs + (this.monotonicMs() - this.#anchor.atMs) * DRIFT;
  }
}
