// VMs of a tenant: one, or a page of those that match.
import type { Vm } from '@ironlog/domain';
import type { TenantId, VmId, VmView } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { viewOfVm } from '../vm-view.ts';
import type { Page } from './cursor.ts';
import { preparePendingVms } from './pending-vms.ts';
import { decodeKey, encodeKey } from './vm-cursor.ts';
import type { VmListing } from './vm-listing.ts';

interface Row {
  id: string;
  body: string;
}

// Every filter is a parameter, and one that is not asked for is NULL: the statement is the same for all of them.
// Of live VMs alone there is an index: it finds few of them among very many deleted ones.
const LIVE = `
SELECT id, body FROM vms
WHERE tenant = @tenant AND id > @after AND deleted = 0 AND state <> 'absent'
  AND (@state IS NULL OR state = @state) AND (@host IS NULL OR host = @host)
  AND (@q IS NULL OR instr(lower_unicode(name), @q) > 0 OR instr(id, @q) > 0)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(@labels) AS wanted
    WHERE NOT EXISTS (
      SELECT 1 FROM vm_labels AS has WHERE has.tenant = vms.tenant AND has.id = vms.id AND has.key = wanted.key AND has.value = wanted.value))
ORDER BY id LIMIT @limit`;
const ALL = `
SELECT id, body FROM vms
WHERE tenant = @tenant AND id > @after AND state <> 'absent'
  AND (@state IS NULL OR state = @state) AND (@host IS NULL OR host = @host)
  AND (@q IS NULL OR instr(lower_unicode(name), @q) > 0 OR instr(id, @q) > 0)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(@labels) AS wanted
    WHERE NOT EXISTS (
      SELECT 1 FROM vm_labels AS has WHERE has.tenant = vms.tenant AND has.id = vms.id AND has.key = wanted.key AND has.value = wanted.value))
ORDER BY id LIMIT @limit`;

/** For their test. */
export const VM_LISTS = { LIVE, ALL };

const readVm = (row: { body: string }): Vm => JSON.parse(row.body) as Vm;
const viewOfRow = (row: Row): VmView[] => [viewOfVm(readVm(row))].filter((view) => view !== undefined);
/** SQLite's order of text: by code unit, for ids are ASCII. */
const byId = (one: VmView, other: VmView): number => (one.id < other.id ? -1 : 1);

export const prepareVmQueries = (db: Db) => {
  const one = db.prepare<[string, string], Row>('SELECT id, body FROM vms WHERE tenant = ? AND id = ?');
  const live = db.prepare<[object], Row>(LIVE);
  const all = db.prepare<[object], Row>(ALL);
  const pending = preparePendingVms(db);
  return {
    aggregate: (tenant: TenantId, id: VmId): Vm | undefined => {
      const row = one.get(tenant, id);
      return row && readVm(row);
    },
    // One snapshot: what is claimed between the two reads would be on neither side, or on both.
    page: db.transaction(
      (
        tenant: TenantId,
        { limit, cursor, includeDeleted, labels = {}, ...filters }: VmListing,
      ): Page<VmView> | undefined => {
        const after = decodeKey('vms', cursor);
        if (after === undefined) return undefined;
        const { state = null, host = null, q } = filters;
        const claimed = (includeDeleted || state === 'deleted' ? all : live).all({
          tenant,
          after,
          state,
          host,
          q: q?.toLowerCase() ?? null,
          labels: JSON.stringify(labels),
          limit: limit + 1,
        });
        const waiting = pending(tenant, { ...filters, labels }, { after, atMost: limit + 1 });
        const both = [...claimed.flatMap(viewOfRow), ...waiting].sort(byId);
        const items = both.slice(0, limit);
        const last = items.at(-1);
        return { items, nextCursor: both.length > limit && last ? encodeKey('vms', last.id) : null };
      },
    ),
  };
};
