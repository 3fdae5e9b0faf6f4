// Inserts rows, sixteen per statement: running a statement costs as much as storing one row. The rows of 200,000 events
// took 540 ms one by one and 325 ms this way; 64 per statement were no faster (measured, CPU).
import type { Db } from '../../database.ts';

const AT_ONCE = 16;
/** The values of the statement for one row. */
const ROW = /VALUES (\([?, ]+\))/;

export type Value = string | number | null;

export class RowInserts {
  readonly #one;
  readonly #many;

  /** `sql`: a constant with `VALUES (?, …)`; the rest applies to each row. */
  constructor(db: Db, sql: string) {
    const many = sql.replace(
      ROW,
      (_, row: string) => `VALUES ${Array.from({ length: AT_ONCE }, () => row).join(', ')}`,
    );
    this.#one = db.prepare<Value[]>(sql);
    this.#many = db.prepare<Value[]>(many);
  }

  /**
   * In order, inside a transaction. `put` appends the item's values by position, because SQLite resolves names for each row.
   */
  run<Item>(items: readonly Item[], put: (values: Value[], item: Item) => void): void {
    const values: Value[] = [];
    let rows = 0;
    for (const item of items.slice(0, items.length - (items.length % AT_ONCE))) {
      put(values, item);
      rows += 1;
      if (rows < AT_ONCE) continue;
      this.#many.run(...values);
      values.length = 0;
      rows = 0;
    }
    for (const item of items.slice(items.length - (items.length % AT_ONCE))) {
      put(values, item);
      this.#one.run(...values);
      values.length = 0;
    }
  }
}
