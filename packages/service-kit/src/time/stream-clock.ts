/**
 * The stream's time on this machine: nats-server's clock as it was read last, carried on by the monotonic clock. The machine's
 * wall clock does not enter into it, so that one that is wrong, or is set, decides nothing.
 */
import type { Clock } from './clock.ts';

/** One question to the stream's leader, with this machine's monotonic clock before and after it. */
export interface TimeReading {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  readonly serverMs: number;
}

/** This machine's wall clock minus the stream's, positive where it is ahead; it is within `errorMs` of the truth. */
export interface ClockOffset {
  readonly offsetMs: number;
  readonly errorMs: number;
}

/** How far two machines' monotonic clocks drift apart, at most: NTP disciplines a clock within 500 parts in a million. */
const DRIFT = 0.0005;
/** Both ends tell whole milliseconds. */
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

  /** Takes the reading if it is the tighter one by now, or contradicts the one that is held: the leader is another, or was set. */
  read(reading: TimeReading): void {
    const next = anchorOf(reading);
    const heldErrorMs = this.#errorMs();
    const differs = Math.abs(next.leadMs - this.#anchor.leadMs) > next.errorMs + heldErrorMs;
    if (differs || next.errorMs <= heldErrorMs) this.#anchor = next;
  }

  /** Of the machine's wall clock, now. */
  offset(): ClockOffset {
    return { offsetMs: this.#machine.now().getTime() - this.now().getTime(), errorMs: this.#errorMs() };
  }

  #errorMs(): number {
    return this.#anchor.errorMs + (this.monotonicMs() - this.#anchor.atMs) * DRIFT;
  }
}
