// The host's progress in the log, kept on disk: the next start reads from there and identifies the log by it.
import type { EventLog } from '@ironlog/event-log';
import type { VmTable } from '../vms/vm-table.ts';
import type { StateDirectory } from './state-directory.ts';

/** After a crash the next start reads this much of the fleet's events again. */
const KEEP_EVERY_MS = 60_000;

export interface ProgressDeps {
  readonly log: Pick<EventLog, 'info'>;
  readonly state: Pick<StateDirectory, 'host' | 'save'>;
  readonly vms: Pick<VmTable, 'drained' | 'directoriesMadeUntil'>;
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

export class Progress {
  readonly #deps: ProgressDeps;
  readonly #timer: NodeJS.Timeout;
  #keeping: Promise<void> | undefined;

  constructor(deps: ProgressDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.#begin(), deps.everyMs ?? KEEP_EVERY_MS);
  }

  /** Up to the log's present end. Rejects when the log is unavailable, or the file cannot be written. */
  async keep(): Promise<void> {
    const { log, state, vms } = this.#deps;
    const { createdAt, lastSequence } = await log.info();
    // Appends in flight at that time are known once drained; later ones lie behind that end.
    await vms.drained();
    const scannedTo = Math.max(state.host.scannedTo, vms.directoriesMadeUntil(lastSequence));
    state.save({ scannedTo, log: { createdAt: createdAt.toISOString(), lastSequence } });
  }

  /** Resolves when a write in progress has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#keeping;
  }

  #begin(): void {
    this.#keeping ??= this.keep()
      .catch((error: unknown) => this.#deps.onError(error))
      .finally(() => {
        this.#keeping = undefined;
      });
  }
}
