// A driver's open watches, which close with the driver.
import type { Watch } from './port.ts';

export class OpenWatches {
  readonly #open = new Set<Watch>();

  /** The same watch, removed here once it is closed. */
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
