// Usage: how long a tenant's VMs ran within a time range (I8), by VM, by day or in total.
import {
  type DayUsage,
  type TenantId,
  type TenantUsage,
  type Timestamp,
  type UsageItem,
  type VmId,
  vmIdSchema,
} from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { decodeKey, encodeKey } from './pages/key-cursor.ts';
import { AFTER_EVERY_KEY, mergedPage } from './pages/merged-page.ts';
import type { Page } from './pages/page.ts';
import { prepareUsageDays } from './usage-days.ts';

export interface UsageListing {
  readonly by: 'vm' | 'tenant' | 'day';
  /** By tenant or day: the start of a day (UTC), like `to`. */
  readonly from?: Timestamp | undefined;
  readonly to?: Timestamp | undefined;
  /** By VM only. */
  readonly vmId?: VmId | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}
type Usage = UsageItem | DayUsage | TenantUsage;

interface Row {
  vm_id: string;
  started_at: string;
  ended_at: string | null;
  cpus: number;
  memory_mib: number;
}
interface Range {
  readonly since: Timestamp;
  readonly until: Timestamp;
}

/** The limit of intervals scanned for a page, not counting the rest of the last VM's. */
const MOST = 5000;
const OF_TENANT = `
SELECT vm_id, started_at, ended_at, cpus, memory_mib FROM usage
WHERE tenant = @tenant AND vm_id > @after AND vm_id <= @to AND started_at < @until AND (ended_at IS NULL OR ended_at > @since)
ORDER BY vm_id, started_at`;
const SCANNED_TO = `
SELECT vm_id FROM usage WHERE tenant = @tenant AND vm_id > @after ORDER BY vm_id LIMIT 1 OFFSET ${MOST}`;
const OF_VM = `
SELECT vm_id, started_at, ended_at, cpus, memory_mib FROM usage
WHERE tenant = @tenant AND vm_id = @vmId AND started_at < @until AND (ended_at IS NULL OR ended_at > @since)
ORDER BY started_at`;
/** For their test. */
export const USAGE_LISTS = { OF_TENANT, SCANNED_TO, OF_VM };
const BEGINNING = '0000-01-01T00:00:00.000Z';

/** One item per VM. `rows`: ordered by VM; read only as far as `atMost` items need. */
const itemsOf = (rows: Iterable<Row>, { since, until }: Range, atMost: number): UsageItem[] => {
  const items: UsageItem[] = [];
  for (const row of rows) {
    const start = row.started_at > since ? row.started_at : since;
    const end = row.ended_at !== null && row.ended_at < until ? row.ended_at : until;
    const seconds = Math.max(0, Date.parse(end) - Date.parse(start)) / 1000;
    const last = items.at(-1);
    const isSame = last?.vmId === row.vm_id;
    if (!isSame && items.length === atMost) break;
    const before = isSame
      ? last
      : { vmId: vmIdSchema.parse(row.vm_id), runningSeconds: 0, cpuSeconds: 0, memoryMiBSeconds: 0, running: false };
    const item = {
      vmId: before.vmId,
      runningSeconds: before.runningSeconds + seconds,
      cpuSeconds: before.cpuSeconds + seconds * row.cpus,
      memoryMiBSeconds: before.memoryMiBSeconds + seconds * row.memory_mib,
      running: before.running || row.ended_at === null,
    };
    if (isSame) items[items.length - 1] = item;
    else items.push(item);
  }
  return items;
};

export const prepareUsage = (db: Db) => {
  const ofTenant = db.prepare<[object], Row>(OF_TENANT);
  const scannedToOf = db.prepare<[object], string>(SCANNED_TO).pluck();
  const ofVm = db.prepare<[object], Row>(OF_VM);
  const days = prepareUsageDays(db);

  const byVm = (tenant: TenantId, { limit, vmId, cursor }: UsageListing, range: Range): Page<UsageItem> | undefined => {
    const after = decodeKey('usage', cursor);
    if (after === undefined) return undefined;
    if (vmId !== undefined)
      return { items: itemsOf(ofVm.iterate({ tenant, vmId, ...range }), range, 1), nextCursor: null };
    const scannedTo = scannedToOf.get({ tenant, after });
    const rows = ofTenant.iterate({ tenant, after, to: scannedTo ?? AFTER_EVERY_KEY, ...range });
    const part = { items: itemsOf(rows, range, limit + 1), scannedTo };
    return mergedPage({ list: 'usage', limit, keyOf: (item: UsageItem) => item.vmId }, [part]);
  };

  const byDay = (tenant: TenantId, { limit, cursor }: UsageListing, range: Range): Page<DayUsage> | undefined => {
    const after = decodeKey('days', cursor);
    if (after === undefined) return undefined;
    const items: DayUsage[] = [];
    for (const item of days(tenant, range)) {
      if (item.day <= after) continue;
      if (items.length === limit) return { items, nextCursor: encodeKey('days', items.at(-1)?.day ?? after) };
      items.push(item);
    }
    return { items, nextCursor: null };
  };

  const byTenant = (tenant: TenantId, { cursor }: UsageListing, range: Range): Page<TenantUsage> | undefined => {
    if (cursor !== undefined) return undefined;
    const total = { tenant, runningSeconds: 0, cpuSeconds: 0, memoryMiBSeconds: 0 };
    for (const { runningSeconds, cpuSeconds, memoryMiBSeconds } of days(tenant, range)) {
      total.runningSeconds += runningSeconds;
      total.cpuSeconds += cpuSeconds;
      total.memoryMiBSeconds += memoryMiBSeconds;
    }
    return { items: [total], nextCursor: null };
  };

  // One snapshot: the end of the page's range and its rows are two reads.
  return db.transaction((tenant: TenantId, listing: UsageListing, now: Timestamp): Page<Usage> | undefined => {
    const { by, from = BEGINNING, to } = listing;
    const range = { since: from, until: to !== undefined && to < now ? to : now };
    switch (by) {
      case 'vm':
        return byVm(tenant, listing, range);
      case 'day':
        return byDay(tenant, listing, range);
      case 'tenant':
        return byTenant(tenant, listing, range);
      default:
        return by satisfies never;
    }
  });
};
