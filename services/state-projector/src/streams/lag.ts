// A projection's lag behind its stream's present end. The end is read separately, slowly, and not taken from deliveries,
// so that the lag also grows when the rows stop.
import type { EventLog, LogInfo } from '@ironlog/event-log';
import { delay, type Runtime } from '@ironlog/service-kit';

const CHECK_EVERY_MS = 2000;

export interface LagDeps {
  readonly name: string;
  readonly log: Pick<EventLog, 'info'>;
  readonly runtime: Pick<Runtime, 'logger' | 'metrics'>;
  readonly signal: AbortSignal;
  /** Readers have the file: its lag is the service's. */
  readonly serving: () => boolean;
}

export class Lag {
  readonly #deps: LagDeps;
  #at = 0;
  #end: LogInfo;

  /** `end`: the present end. */
  constructor(deps: LagDeps, end: LogInfo) {
    this.#deps = deps;
    this.#end = end;
  }

  /** The rows include `sequence`. */
  reached(sequence: number): void {
    this.#at = sequence;
    this.#report();
  }

  /** Resolves on abort. */
  async watch(): Promise<void> {
    const { name, log, runtime, signal } = this.#deps;
    while (!signal.aborted) {
      try {
        await delay(CHECK_EVERY_MS, signal);
        this.#end = await log.info();
        if (!signal.aborted) this.#report();
      } catch (err) {
        if (!signal.aborted) runtime.logger.debug({ err, projection: name }, 'the end of the stream cannot be read');
      }
    }
  }

  #report(): void {
    const { name, runtime, serving } = this.#deps;
    if (!serving()) return;
    const { firstSequence, lastSequence } = this.#end;
    // WORK and COMMANDS expire: a message that expired unread is no lag.
    const behind = Math.max(0, lastSequence - Math.max(this.#at, firstSequence - 1));
    runtime.metrics.gauge('ironlog_projector_lag_sequences').set({ projection: name }, behind);
  }
}
