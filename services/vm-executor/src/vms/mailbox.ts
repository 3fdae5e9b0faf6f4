// A mailbox per VM: one job at a time for each VM, many VMs at once.
export class Mailboxes {
  readonly #last = new Map<string, Promise<void>>();
  #depth = 0;

  get depth(): number {
    return this.#depth;
  }

  /** A job submitted now would wait for the jobs before it: a task may take an hour. */
  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  /** Runs after every earlier job for `key`. A job that throws does not stop the next; its error goes to the caller. */
  run<T>(key: string, job: () => Promise<T>): Promise<T> {
    this.#depth += 1;
    const before = this.#last.get(key) ?? Promise.resolve();
    const result = before.then(job).finally(() => {
      this.#depth -= 1;
    });
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, settled);
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
    return result;
  }

  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}
