// VMs of a tenant: one, or a page of those that match.
import type { Vm } from '@ironlog/domain';
import type { TenantId, VmId, VmView } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { viewOfVm } from '../vm-view.ts';
import { decodeCursor, type Page, pageOf } from './cursor.ts';
import { preparePendingVms } from './pending-vms.ts';
import type { VmListing } from './vm-listing.ts';

interface Row {
  id: string;
  created_sequence: number;
  body: string;
}

// Every filter is a parameter, and one that is not asked for is NULL: the statement is the same for all of them.
// Of live VMs alone there is an index: it finds few of them among very many deleted ones.
const LIVE = `
SELECT id, created_sequence, body FROM vms
WHERE tenant = @tenant AND (created_sequence, id) > (@afterSequence, @afterId) AND deleted = 0 AND state <> 'absent'
  AND (@state IS NULL OR state = @state) AND (@host IS NULL OR host = @host)
  AND (@q IS NULL OR instr(lower_unicode(name), @q) > 0 OR instr(id, @q) > 0)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(@labels) AS wanted
    WHERE NOT EXISTS (
      SELECT 1 FROM vm_labels AS has WHERE has.tenant = vms.tenant AND has.id = vms.id AND has.key = wanted.key AND has.value = wanted.value))
ORDER BY created_sequence, id LIMIT @limit`;
const ALL = `
SELECT id, created_sequence, body FROM vms
WHERE tenant = @tenant AND (created_sequence, id) > (@afterSequence, @afterId) AND state <> 'absent'
  AND (@state IS NULL OR state = @state) AND (@host IS NULL OR host = @host)
  AND (@q IS NULL OR instr(lower_unicode(name), @q) > 0 OR instr(id, @q) > 0)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(@labels) AS wanted
    WHERE NOT EXISTS (
      SELECT 1 FROM vm_labels AS has WHERE has.tenant = vms.tenant AND has.id = vms.id AND has.key = wanted.key AND has.value = wanted.value))
ORDER BY created_sequence, id LIMIT @limit`;

/** For their test. */
export const VM_LISTS = { LIVE, ALL };

const readVm = (row: { body: string }): Vm => JSON.parse(row.body) as Vm;

export const prepareVmQueries = (db: Db) => {
  const one = db.prepare<[string, string], Row>(
    'SELECT id, created_sequence, body FROM vms WHERE tenant = ? AND id = ?',
  );
  const live = db.prepare<[object], Row>(LIVE);
  const all = db.prepare<[object], Row>(ALL);
  const pending = preparePendingVms(db);
  return {
    aggregate: (tenant: TenantId, id: VmId): Vm | undefined => {
      const row = one.get(tenant, id);
      return row && readVm(row);
    },
    // One snapshot: what is claimed between the two reads would be on neither side.
    page: db.transaction(
      (
        tenant: TenantId,
        { limit, cursor, includeDeleted, labels = {}, ...filters }: VmListing,
      ): Page<VmView> | undefined => {
        const after = decodeCursor('vms', cursor);
        if (!after) return undefined;
        const { state = null, host = null, q } = filters;
        const recorded = (includeDeleted || state === 'deleted' ? all : live).all({
          tenant,
          afterSequence: after.sequence,
          afterId: after.id,
          state,
          host,
          q: q?.toLowerCase() ?? null,
          labels: JSON.stringify(labels),
          limit: limit + 1,
        });
        const page = pageOf<Row, VmView | undefined>(
          { list: 'vms', after, limit },
          {
            recorded,
            itemOf: (row) => viewOfVm(readVm(row)),
            pending: (afterSequence, atMost) => pending(tenant, { ...filters, labels }, { afterSequence, atMost }),
          },
        );
        return { ...page, items: page.items.filter((item) => item !== undefined) };
      },
    ),
  };
};
