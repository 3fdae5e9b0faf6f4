// Usage rows: one per interval in which a VM ran, by its fold; never overlapping, never negative (I8).
import type { Vm } from '@ironlog/domain';
import type { Db } from '../database.ts';
import { RowInserts } from './rows/row-inserts.ts';
import { UsageDays } from './usage-days.ts';

interface Interval {
  readonly tenant: string;
  readonly id: string;
  readonly startedAt: string;
  /** Null: the VM still runs. */
  endedAt: string | null;
  readonly cpus: number;
  readonly memoryMiB: number;
}

const keyOf = (tenant: string, id: string): string => `${tenant}/${id}`;

export class UsageRows {
  readonly #begun: Interval[] = [];
  /** The open intervals by VM. One that ends before the commit is written once, with its end. */
  readonly #open = new Map<string, Interval>();
  /** Those with a row from an earlier commit. */
  readonly #ended: Interval[] = [];
  readonly #days;
  readonly #inserts;
  readonly #close;

  constructor(db: Db) {
    this.#days = new UsageDays(db);
    this.#inserts = new RowInserts(
      db,
      'INSERT INTO usage (tenant, vm_id, started_at, ended_at, cpus, memory_mib) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#close = db.prepare<[string | null, string, string, string]>(
      'UPDATE usage SET ended_at = ? WHERE tenant = ? AND vm_id = ? AND started_at = ? AND ended_at IS NULL',
    );
  }

  follow(before: Vm, after: Vm): void {
    if (before.runningSince === after.runningSince) return;
    const { tenant, id, spec } = after;
    const key = keyOf(tenant, id);
    const common = { tenant, id, cpus: spec?.cpus ?? 0, memoryMiB: spec?.memoryMiB ?? 0 };
    if (before.runningSince !== null) {
      const startedAt = before.runningSince;
      const endedAt = notBefore(startedAt, after.updatedAt ?? startedAt);
      const begun = this.#open.get(key);
      if (begun?.startedAt === startedAt) begun.endedAt = endedAt;
      else this.#ended.push({ ...common, startedAt, endedAt });
      this.#open.delete(key);
      this.#days.ended({ ...common, at: endedAt });
    }
    if (after.runningSince !== null) {
      const begun: Interval = { ...common, startedAt: after.runningSince, endedAt: null };
      this.#open.set(key, begun);
      this.#begun.push(begun);
      this.#days.began({ ...common, at: after.runningSince });
    }
  }

  /** Inside a transaction. Ended intervals have rows, open ones may begin at the same time; their order does not matter. */
  write(): void {
    this.#inserts.run(this.#begun, (values, { tenant, id, startedAt, endedAt, cpus, memoryMiB }) => {
      values.push(tenant, id, startedAt, endedAt, cpus, memoryMiB);
    });
    for (const { tenant, id, startedAt, endedAt } of this.#ended) this.#close.run(endedAt, tenant, id, startedAt);
    this.#days.write();
  }

  written(): void {
    this.#begun.length = 0;
    this.#ended.length = 0;
    this.#open.clear();
    this.#days.written();
  }
}

/** Compares as text: the text order of times is their order. */
const notBefore = (start: string, end: string): string => (end < start ? start : end);
