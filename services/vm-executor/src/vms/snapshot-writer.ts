// Writes VMs' snapshots with a delay, off the path of commands: repeated changes are written once.
import type { Vm } from '@ironlog/domain';
import { writeSnapshot } from './snapshot-store.ts';

/** A snapshot lost in a crash only costs the next start a longer tail. */
const AFTER_MS = 200;

export class SnapshotWriter {
  readonly #waiting = new Map<string, Vm>();
  readonly #failed: (error: unknown, directory: string) => void;
  #timer: NodeJS.Timeout | undefined;

  /** `failed` is called with a failed write, as on a full disk; writing continues. */
  constructor(failed: (error: unknown, directory: string) => void) {
    this.#failed = failed;
  }

  changed(directory: string, vm: Vm): void {
    this.#waiting.set(directory, vm);
    this.#timer ??= setTimeout(() => this.flush(), AFTER_MS);
  }

  /** For a VM whose directory is removed. */
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
