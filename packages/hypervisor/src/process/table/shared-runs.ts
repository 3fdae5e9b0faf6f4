// One run at a time of a costly look, shared by all who ask: a caller joins a run that begins after it asked, never one
// that has begun, for that may have passed by what the caller means.
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
    // A run that fails fails those who joined it, and not the next.
    this.#current = run.catch(() => undefined);
    return run;
  }
}
