// A tenant's VMs that no host has claimed yet; only WORK has them.
import type { TenantId, VmView, WorkCommand } from '@ironlog/schemas';
import type { Db } from '../../database.ts';
import { viewOfPending } from '../../vm-view.ts';
import { AFTER_EVERY_KEY, NOTHING, type Part } from '../pages/merged-page.ts';
import type { VmListing } from './vm-listing.ts';

/** The limit of creates checked for the filters; each costs some 5 µs. */
const MOST = 1000;
// A VM whose commands have all expired has a row, and is absent. Two creates of one VM are one item: the first is shown.
const LIST = `
SELECT body FROM pending_commands AS asked INDEXED BY pending_creates
WHERE tenant = @tenant AND vm_id > @after AND vm_id <= @to AND verb = 'create' AND (@q IS NULL OR instr(search, @q) > 0)
  AND (@labels IS NULL OR NOT EXISTS (
    SELECT 1 FROM json_each(@labels) AS wanted
    WHERE NOT EXISTS (SELECT 1 FROM json_each(asked.labels) AS has WHERE has.key = wanted.key AND has.value = wanted.value)))
  AND NOT EXISTS (SELECT 1 FROM vms WHERE vms.tenant = asked.tenant AND vms.id = asked.vm_id AND vms.state <> 'absent')
  AND NOT EXISTS (
    SELECT 1 FROM pending_commands AS earlier
    WHERE earlier.tenant = asked.tenant AND earlier.vm_id = asked.vm_id AND earlier.verb = 'create' AND earlier.sequence < asked.sequence)
ORDER BY vm_id LIMIT @atMost`;
const SCANNED_TO = `
SELECT vm_id FROM pending_commands INDEXED BY pending_creates
WHERE tenant = @tenant AND vm_id > @after AND verb = 'create' ORDER BY vm_id LIMIT 1 OFFSET ${MOST}`;
/** For their test. */
export const PENDING_VMS = { LIST, SCANNED_TO };

type Filters = Pick<VmListing, 'state' | 'host' | 'labels' | 'q'>;

const viewOf = ({ data, subject, tenant }: WorkCommand): VmView =>
  viewOfPending({
    tenant,
    id: subject,
    spec: data.action.verb === 'create' ? data.action.params.spec : null,
    requestedAt: data.request.requestedAt,
  });

export const preparePendingVms = (db: Db) => {
  const list = db.prepare<[object], { body: string }>(LIST);
  const scannedToOf = db.prepare<[object], string>(SCANNED_TO).pluck();
  /** In the order of their ids. */
  return (
    tenant: TenantId,
    { state, host, labels = {}, q }: Filters,
    { after, atMost }: { readonly after: string; readonly atMost: number },
  ): Part<VmView> => {
    if (host !== undefined || (state ?? 'pending') !== 'pending') return NOTHING;
    const isFiltered = q !== undefined || Object.keys(labels).length > 0;
    const scannedTo = isFiltered ? scannedToOf.get({ tenant, after }) : undefined;
    const rows = list.all({
      ...{ tenant, after, atMost, q: q ?? null, to: scannedTo ?? AFTER_EVERY_KEY },
      labels: isFiltered ? JSON.stringify(labels) : null,
    });
    return { items: rows.map(({ body }) => viewOf(JSON.parse(body) as WorkCommand)), scannedTo };
  };
};
