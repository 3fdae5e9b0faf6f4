// A tenant's VMs: one, or a page of the matching ones.
import type { Vm } from '@ironlog/domain';
import type { TenantId, VmId, VmView } from '@ironlog/schemas';
import type { Db } from '../../database.ts';
import { SCOPES, type Scope } from '../../scope.ts';
import { viewOfVm } from '../../vm-view.ts';
import { decodeKey } from '../pages/key-cursor.ts';
import { mergedPage, type Part } from '../pages/merged-page.ts';
import type { Page } from '../pages/page.ts';
import { prepareListedVms } from './listed-vms.ts';
import { preparePendingVms } from './pending-vms.ts';
import type { VmListing } from './vm-listing.ts';

const readVm = (row: { body: string }): Vm => JSON.parse(row.body) as Vm;
const viewOfRow = (row: { body: string }): VmView[] => [viewOfVm(readVm(row))].filter((view) => view !== undefined);

const scopesOf = ({ state, includeDeleted }: VmListing): readonly Scope[] => {
  if (state !== undefined) return [state === 'deleted' ? SCOPES.deleted : SCOPES.live];
  return includeDeleted ? [SCOPES.live, SCOPES.deleted] : [SCOPES.live];
};

/** No name and no id contains one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern searches for them
const CONTROL = /[\u0000-\u001f]/;

export const prepareVmQueries = (db: Db) => {
  const one = db.prepare<[string, string], { body: string }>('SELECT body FROM vms WHERE tenant = ? AND id = ?');
  const listed = prepareListedVms(db);
  const pending = preparePendingVms(db);
  return {
    aggregate: (tenant: TenantId, id: VmId): Vm | undefined => {
      const row = one.get(tenant, id);
      return row && readVm(row);
    },
    // One snapshot: a VM claimed between the two reads would be on neither side, or on both.
    page: db.transaction((tenant: TenantId, listing: VmListing): Page<VmView> | undefined => {
      const { limit, cursor, state, host, labels } = listing;
      const after = decodeKey('vms', cursor);
      if (after === undefined) return undefined;
      const q = listing.q?.toLowerCase() || undefined;
      if (q !== undefined && CONTROL.test(q)) return { items: [], nextCursor: null };
      const filters = { state, host, labels, q };
      const claimed = scopesOf(listing).map((scope): Part<VmView> => {
        const { items, scannedTo } = listed(tenant, filters, { scope, after, atMost: limit + 1 });
        return { items: items.flatMap(viewOfRow), scannedTo };
      });
      const waiting = pending(tenant, filters, { after, atMost: limit + 1 });
      return mergedPage({ list: 'vms', limit, keyOf: ({ id }) => id }, [...claimed, waiting]);
    }),
  };
};
