// Usage rows: one per interval in which a VM ran, opened and closed by its fold; never overlapping, never negative (I8).
import type { Vm } from '@ironlog/domain';
import type { Db } from '../database.ts';

export class UsageRows {
  readonly #open;
  readonly #close;

  constructor(db: Db) {
    this.#open = db.prepare<[string, string, string, number, number]>(
      'INSERT INTO usage (tenant, vm_id, started_at, cpus, memory_mib) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#close = db.prepare<[string, string, string, string]>(
      'UPDATE usage SET ended_at = max(?, started_at) WHERE tenant = ? AND vm_id = ? AND started_at = ? AND ended_at IS NULL',
    );
  }

  follow(before: Vm, after: Vm): void {
    if (before.runningSince === after.runningSince) return;
    const { tenant, id, spec } = after;
    if (before.runningSince !== null)
      this.#close.run(after.updatedAt ?? before.runningSince, tenant, id, before.runningSince);
    if (after.runningSince !== null)
      this.#open.run(tenant, id, after.runningSince, spec?.cpus ?? 0, spec?.memoryMiB ?? 0);
  }
}
