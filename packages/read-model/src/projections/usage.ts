// Usage rows: one per interval in which a VM ran, opened and closed by its fold; never overlapping, never negative (I8).
import type { Vm } from '@ironlog/domain';
import type { Db } from '../database.ts';
import { RowWrites } from './row-writes.ts';

interface Change {
  readonly tenant: string;
  readonly id: string;
  readonly startedAt: string;
  /** Null: it begins. */
  readonly endedAt: string | null;
  readonly cpus: number;
  readonly memoryMiB: number;
}

export class UsageRows extends RowWrites<Change> {
  constructor(db: Db) {
    const open = db.prepare<[string, string, string, number, number]>(
      'INSERT INTO usage (tenant, vm_id, started_at, cpus, memory_mib) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    const close = db.prepare<[string, string, string, string]>(
      'UPDATE usage SET ended_at = max(?, started_at) WHERE tenant = ? AND vm_id = ? AND started_at = ? AND ended_at IS NULL',
    );
    super(({ tenant, id, startedAt, endedAt, cpus, memoryMiB }) => {
      if (endedAt === null) open.run(tenant, id, startedAt, cpus, memoryMiB);
      else close.run(endedAt, tenant, id, startedAt);
    });
  }

  follow(before: Vm, after: Vm): void {
    if (before.runningSince === after.runningSince) return;
    const { tenant, id, spec } = after;
    const common = { tenant, id, cpus: spec?.cpus ?? 0, memoryMiB: spec?.memoryMiB ?? 0 };
    if (before.runningSince !== null)
      this.add({ ...common, startedAt: before.runningSince, endedAt: after.updatedAt ?? before.runningSince });
    if (after.runningSince !== null) this.add({ ...common, startedAt: after.runningSince, endedAt: null });
  }
}
