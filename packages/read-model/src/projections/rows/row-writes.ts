// Row writes that wait for the commit, in order.
export class RowWrites<Row> {
  readonly #waiting: Row[] = [];
  readonly #write: (row: Row) => void;

  constructor(write: (row: Row) => void) {
    this.#write = write;
  }

  add(row: Row): void {
    this.#waiting.push(row);
  }

  /** Inside a transaction; the rows are kept until `written`. */
  write(): void {
    for (const row of this.#waiting) this.#write(row);
  }

  written(): void {
    this.#waiting.length = 0;
  }
}
