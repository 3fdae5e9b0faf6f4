// A driver's watches that are open, so that the driver's own end closes them.
import type { Watch } from './port.ts';

export class OpenWatches {
  readonly #open = new Set<Watch>();

  /** The same watch, forgotten here once it is closed. */
  add(watch: Watch): Watch {
    this.#open.add(watch);
    return {
      close: () => {
        this.#open.delete(watch);
        watch.close();
      },
    };
  }

  closeAll(): void {
    for (const watch of this.#open) watch.close();
    this.#open.clear();
  }
}
