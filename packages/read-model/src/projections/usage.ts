// Usage rows: one per interval in which a VM ran, opened and closed by its fold; never overlapping, never negative (I8).
import type { Vm } from '@ironlog/domain';
import type { Db } from '../database.ts';
import { RowWrites } from './row-writes.ts';

interface Change {
  readonly tenant: string;
  readonly id: string;
  readonly startedAt: string;
  /** Null: it goes on. */
  endedAt: string | null;
  /** It has no row yet. */
  readonly begins: boolean;
  readonly cpus: number;
  readonly memoryMiB: number;
}

const keyOf = (tenant: string, id: string): string => `${tenant}/${id}`;

export class UsageRows extends RowWrites<Change> {
  /** What began since the last commit, by VM: if it ends before the next one it is written once, with its end. */
  readonly #begun = new Map<string, Change>();

  constructor(db: Db) {
    const open = db.prepare<[string, string, string, string | null, number, number]>(
      'INSERT INTO usage (tenant, vm_id, started_at, ended_at, cpus, memory_mib) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    const close = db.prepare<[string, string, string, string]>(
      'UPDATE usage SET ended_at = ? WHERE tenant = ? AND vm_id = ? AND started_at = ? AND ended_at IS NULL',
    );
    super(({ tenant, id, startedAt, endedAt, begins, cpus, memoryMiB }) => {
      if (begins) open.run(tenant, id, startedAt, endedAt, cpus, memoryMiB);
      else if (endedAt !== null) close.run(endedAt, tenant, id, startedAt);
    });
  }

  follow(before: Vm, after: Vm): void {
    if (before.runningSince === after.runningSince) return;
    const { tenant, id, spec } = after;
    const key = keyOf(tenant, id);
    const common = { tenant, id, cpus: spec?.cpus ?? 0, memoryMiB: spec?.memoryMiB ?? 0 };
    if (before.runningSince !== null) {
      const startedAt = before.runningSince;
      const endedAt = notBefore(startedAt, after.updatedAt ?? startedAt);
      const begun = this.#begun.get(key);
      if (begun?.startedAt === startedAt) begun.endedAt = endedAt;
      else this.add({ ...common, startedAt, endedAt, begins: false });
      this.#begun.delete(key);
    }
    if (after.runningSince !== null) {
      const begun: Change = { ...common, startedAt: after.runningSince, endedAt: null, begins: true };
      this.#begun.set(key, begun);
      this.add(begun);
    }
  }

  override written(): void {
    super.written();
    this.#begun.clear();
  }
}

/** As text: times on the wire are in an order that is theirs. */
const notBefore = (start: string, end: string): string => (end < start ? start : end);
