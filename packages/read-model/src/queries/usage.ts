// Usage: how long each VM of a tenant ran within a range of time, from its running intervals (I8).
import { type TenantId, type Timestamp, type UsageItem, type VmId, vmIdSchema } from '@ironlog/schemas';
import type { Db } from '../database.ts';

export interface UsageRange {
  readonly from?: Timestamp | undefined;
  readonly to?: Timestamp | undefined;
  readonly vmId?: VmId | undefined;
}

interface Row {
  vm_id: string;
  started_at: string;
  ended_at: string | null;
  cpus: number;
  memory_mib: number;
}

const OF_TENANT = `
SELECT vm_id, started_at, ended_at, cpus, memory_mib FROM usage
WHERE tenant = @tenant AND started_at < @until AND (ended_at IS NULL OR ended_at > @since)
ORDER BY vm_id, started_at`;
const OF_VM = `
SELECT vm_id, started_at, ended_at, cpus, memory_mib FROM usage
WHERE tenant = @tenant AND vm_id = @vmId AND started_at < @until AND (ended_at IS NULL OR ended_at > @since)
ORDER BY started_at`;
/** For their test. */
export const USAGE_LISTS = { OF_TENANT, OF_VM };
const BEGINNING = '0000-01-01T00:00:00.000Z';

export const prepareUsage = (db: Db) => {
  const ofTenant = db.prepare<[object], Row>(OF_TENANT);
  const ofVm = db.prepare<[object], Row>(OF_VM);
  return (tenant: TenantId, { from = BEGINNING, to, vmId }: UsageRange, now: Timestamp): UsageItem[] => {
    const until = to !== undefined && to < now ? to : now;
    const items = new Map<string, UsageItem>();
    const rows =
      vmId === undefined
        ? ofTenant.all({ tenant, since: from, until })
        : ofVm.all({ tenant, vmId, since: from, until });
    for (const row of rows) {
      const start = row.started_at > from ? row.started_at : from;
      const end = row.ended_at !== null && row.ended_at < until ? row.ended_at : until;
      const seconds = Math.max(0, Date.parse(end) - Date.parse(start)) / 1000;
      const before = items.get(row.vm_id) ?? {
        vmId: vmIdSchema.parse(row.vm_id),
        runningSeconds: 0,
        cpuSeconds: 0,
        memoryMiBSeconds: 0,
        running: false,
      };
      items.set(row.vm_id, {
        vmId: before.vmId,
        runningSeconds: before.runningSeconds + seconds,
        cpuSeconds: before.cpuSeconds + seconds * row.cpus,
        memoryMiBSeconds: before.memoryMiBSeconds + seconds * row.memory_mib,
        running: before.running || row.ended_at === null,
      });
    }
    return [...items.values()];
  };
};
