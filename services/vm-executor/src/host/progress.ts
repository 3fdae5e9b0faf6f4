// How far in the log this host has got, kept on disk: its next start reads on from there, and knows the log again by it.
import type { EventLog } from '@ironlog/event-log';
import type { VmTable } from '../vms/vm-table.ts';
import type { StateDirectory } from './state-directory.ts';

/** What a crash costs the next start: this much of the fleet's events, read once more. */
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

  /** Up to the log's present end. Rejects when the log cannot be asked, or the file not be written. */
  async keep(): Promise<void> {
    const { log, state, vms } = this.#deps;
    const { createdAt, lastSequence } = await log.info();
    // What was being appended when the log was asked is known once it is settled, and else lies behind its end.
    await vms.drained();
    const scannedTo = Math.max(state.host.scannedTo, vms.directoriesMadeUntil(lastSequence));
    state.save({ scannedTo, log: { createdAt: createdAt.toISOString(), lastSequence } });
  }

  /** Resolves when what is being kept is on disk, or is given up. */
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
