// The number of VMs left: printed at the beginning and every few seconds; gives up when none ended for a while.
import { HOW_TO_FORCE } from './slow-step.ts';

export const vmCount = (count: number): string => `${count} VM${count === 1 ? '' : 's'}`;

const PRINT_EVERY_MS = 2000;
/** Hundreds of VMs may take longer together; a single one does not. */
const GIVE_UP_AFTER_MS = 10_000;

/** Its timers run until it is stopped. */
export class Countdown {
  readonly #print: (line: string) => void;
  readonly #stalled = new AbortController();
  readonly #startPrinting = setInterval(() => this.#printRemaining(), PRINT_EVERY_MS);
  #timeoutMs = this.#wait();
  #left: number | undefined;
  #asked = false;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Aborted when no VM has ended for too long. */
  get stalled(): AbortSignal {
    return this.#stalled.signal;
  }

  /** Undefined: there was no count yet. */
  get left(): number | undefined {
    return this.#left;
  }

  /** The latest count; the first one is the total. */
  set left(left: number) {
    const before = this.#left;
    this.#left = left;
    if (before === undefined) this.#print(`shutting down ${vmCount(left)} ${HOW_TO_FORCE}`);
    if (before === undefined || left < before) this.#restart();
  }

  one(): void {
    this.left = Math.max(0, (this.#left ?? 0) - 1);
  }

  stop(): void {
    clearInterval(this.#startPrinting);
    clearTimeout(this.#timeoutMs);
  }

  #restart(): void {
    clearTimeout(this.#timeoutMs);
    this.#timeoutMs = this.#wait();
  }

  #wait(): NodeJS.Timeout {
    const reason = new Error(`none has ended for ${GIVE_UP_AFTER_MS / 1000} s`);
    return setTimeout(() => this.#stalled.abort(reason), GIVE_UP_AFTER_MS);
  }

  #printRemaining(): void {
    if (this.#left !== undefined && this.#left > 0) this.#print(`${vmCount(this.#left)} to go`);
    if (this.#left !== undefined || this.#asked) return;
    this.#asked = true;
    this.#print(`waiting for the API to list the running VMs ${HOW_TO_FORCE}`);
  }
}
