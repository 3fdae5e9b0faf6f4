// Writes VMs' snapshots a little after they change, off the path of commands: what changes again meanwhile is written once.
import type { Vm } from '@ironlog/domain';
import { writeSnapshot } from './snapshot-store.ts';

/** A snapshot that a crash leaves out costs its start a longer tail, no more. */
const AFTER_MS = 200;

export class SnapshotWriter {
  readonly #waiting = new Map<string, Vm>();
  readonly #failed: (error: unknown, directory: string) => void;
  #timer: NodeJS.Timeout | undefined;

  /** `failed` is told of what could not be written, as on a full disk: no reason to stop. */
  constructor(failed: (error: unknown, directory: string) => void) {
    this.#failed = failed;
  }

  changed(directory: string, vm: Vm): void {
    this.#waiting.set(directory, vm);
    this.#timer ??= setTimeout(() => this.flush(), AFTER_MS);
  }

  /** Of a VM whose directory goes. */
  drop(directory: string): void {
    this.#waiting.delete(directory);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [directory, vm] of this.#waiting) {
      try {
        writeSnapshot(directory, vm);
      } catch (error) {
        this.#failed(error, directory);
      }
    }
    this.#waiting.clear();
  }
}
