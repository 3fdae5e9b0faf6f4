// Guests that reboot themselves: the first reboot is reported at once, later ones at a bounded rate. A guest in a reboot
// loop would otherwise fill EVENTS, which is kept for good.
import type { LaunchSpec } from '@ironlog/hypervisor';

/** Between two reports for one VM. */
const EVERY_MS = 10_000;

interface Waiting {
  readonly launch: LaunchSpec;
  readonly timer: NodeJS.Timeout;
  times: number;
}

export class GuestReports {
  readonly #waiting = new Map<string, Waiting>();
  readonly #onReports: (key: string, launch: LaunchSpec, times: number) => void;

  /** `times`: how many one report stands for. */
  constructor(onReports: (key: string, launch: LaunchSpec, times: number) => void) {
    this.#onReports = onReports;
  }

  add(key: string, launch: LaunchSpec): void {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      waiting.times += 1;
      return;
    }
    this.#onReports(key, launch, 1);
    this.#arm(key, launch);
  }

  /** The process has ended: pending reboots are reported first. */
  end(key: string): void {
    const waiting = this.#take(key);
    if (waiting && waiting.times > 0) this.#onReports(key, waiting.launch, waiting.times);
  }

  stop(): void {
    for (const key of [...this.#waiting.keys()]) this.#take(key);
  }

  #arm(key: string, launch: LaunchSpec): void {
    const timer = setTimeout(() => {
      const waiting = this.#take(key);
      if (!waiting || waiting.times === 0) return;
      this.#onReports(key, launch, waiting.times);
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
