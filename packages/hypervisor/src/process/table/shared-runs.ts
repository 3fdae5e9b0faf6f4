// Shares runs of a costly scan, one at a time: a caller joins a run that begins after its call, never a run in progress,
// which may have missed what the caller needs.
export class SharedRuns<T> {
  readonly #run: () => Promise<T>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(run: () => Promise<T>) {
    this.#run = run;
  }

  join(): Promise<T> {
    this.#next ??= this.#after(this.#current);
    return this.#next;
  }

  async #after(current: Promise<unknown>): Promise<T> {
    await current;
    this.#next = undefined;
    const run = this.#run();
    // A failed run rejects for its callers, not for later ones.
    this.#current = run.catch(() => undefined);
    return run;
  }
}
