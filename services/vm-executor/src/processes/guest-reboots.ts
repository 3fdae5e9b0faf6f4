// Guests that restart themselves: the first is told at once, what follows at a bounded rate. A guest in a loop of restarts
// would otherwise fill a log that is kept for good.
import type { LaunchSpec } from '@ironlog/hypervisor';

/** Between two tellings of one VM. */
const EVERY_MS = 10_000;

interface Waiting {
  readonly launch: LaunchSpec;
  readonly timer: NodeJS.Timeout;
  times: number;
}

export class GuestReboots {
  readonly #waiting = new Map<string, Waiting>();
  readonly #onReboots: (key: string, launch: LaunchSpec, times: number) => void;

  /** `times`: how many restarts are told of. */
  constructor(onReboots: (key: string, launch: LaunchSpec, times: number) => void) {
    this.#onReboots = onReboots;
  }

  add(key: string, launch: LaunchSpec): void {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      waiting.times += 1;
      return;
    }
    this.#onReboots(key, launch, 1);
    this.#arm(key, launch);
  }

  /** Its process is gone: what waits is told before that is. */
  end(key: string): void {
    const waiting = this.#take(key);
    if (waiting && waiting.times > 0) this.#onReboots(key, waiting.launch, waiting.times);
  }

  stop(): void {
    for (const key of [...this.#waiting.keys()]) this.#take(key);
  }

  #arm(key: string, launch: LaunchSpec): void {
    const timer = setTimeout(() => {
      const waiting = this.#take(key);
      if (!waiting || waiting.times === 0) return;
      this.#onReboots(key, launch, waiting.times);
      this.#arm(key, launch);
    }, EVERY_MS);
    this.#waiting.set(key, { launch, timer, times: 0 });
  }

  #take(key: string): Waiting | undefined {
    const waiting = this.#waiting.get(key);
    clearTimeout(waiting?.timer);
    this.#waiting.delete(key);
    return waiting;
  }
}
