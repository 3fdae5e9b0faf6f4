// How many VMs are to go: said at its beginning and every few seconds, and given up when none has gone for a while.
import { HOW_TO_HURRY } from './slow-step.ts';

export const countedVms = (count: number): string => `${count} VM${count === 1 ? '' : 's'}`;

const SAY_EVERY_MS = 2000;
/** Hundreds of VMs may take longer together, one by one none does. */
const GIVE_UP_AFTER_MS = 10_000;

/** Its timers run until it is stopped. */
export class Countdown {
  readonly #say: (line: string) => void;
  readonly #stalled = new AbortController();
  readonly #talk = setInterval(() => this.#tell(), SAY_EVERY_MS);
  #patience = this.#wait();
  #left: number | undefined;
  #asked = false;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Aborted when there is no hope left. */
  get stalled(): AbortSignal {
    return this.#stalled.signal;
  }

  /** Undefined: it never began. */
  get left(): number | undefined {
    return this.#left;
  }

  /** So many by the latest count; the first is how many there were. */
  set left(left: number) {
    const before = this.#left;
    this.#left = left;
    if (before === undefined) this.#say(`shutting down ${countedVms(left)} ${HOW_TO_HURRY}`);
    if (before === undefined || left < before) this.#restart();
  }

  one(): void {
    this.left = Math.max(0, (this.#left ?? 0) - 1);
  }

  stop(): void {
    clearInterval(this.#talk);
    clearTimeout(this.#patience);
  }

  #restart(): void {
    clearTimeout(this.#patience);
    this.#patience = this.#wait();
  }

  #wait(): NodeJS.Timeout {
    const reason = new Error(`none has ended for ${GIVE_UP_AFTER_MS / 1000} s`);
    return setTimeout(() => this.#stalled.abort(reason), GIVE_UP_AFTER_MS);
  }

  #tell(): void {
    if (this.#left !== undefined && this.#left > 0) this.#say(`${countedVms(this.#left)} to go`);
    if (this.#left !== undefined || this.#asked) return;
    this.#asked = true;
    this.#say(`waiting for the API to tell which VMs run ${HOW_TO_HURRY}`);
  }
}
