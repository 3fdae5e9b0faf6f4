// VMs that a tenant has asked for and that no host has claimed: WORK alone knows of them.
import type { TenantId, VmView, WorkCommand } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { viewOfPending } from '../vm-view.ts';
import type { VmListing } from './vm-listing.ts';

/** Read at a time; filters are applied after that. */
const CHUNK = 1000;
// A VM of which only commands have expired has a row, and is absent. One that is asked for twice is one VM: the first is shown.
export const PENDING_VMS = `
SELECT vm_id, body FROM pending_commands AS asked
WHERE tenant = ? AND vm_id > ? AND verb = 'create'
  AND NOT EXISTS (SELECT 1 FROM vms WHERE vms.tenant = asked.tenant AND vms.id = asked.vm_id AND vms.state <> 'absent')
  AND NOT EXISTS (
    SELECT 1 FROM pending_commands AS earlier
    WHERE earlier.tenant = asked.tenant AND earlier.vm_id = asked.vm_id AND earlier.verb = 'create' AND earlier.sequence < asked.sequence)
ORDER BY vm_id LIMIT ${CHUNK}`;

type Filters = Omit<VmListing, 'includeDeleted' | 'limit' | 'cursor'>;

const matches = ({ id, name, spec }: VmView, { labels = {}, q }: Filters): boolean =>
  (q === undefined || name.toLowerCase().includes(q.toLowerCase()) || id.includes(q.toLowerCase())) &&
  Object.entries(labels).every(([key, value]) => spec?.labels[key] === value);

const viewOf = ({ data, subject, tenant }: WorkCommand): VmView =>
  viewOfPending({
    tenant,
    id: subject,
    spec: data.action.verb === 'create' ? data.action.params.spec : null,
    requestedAt: data.request.requestedAt,
  });

export const preparePendingVms = (db: Db) => {
  const list = db.prepare<[string, string], { vm_id: string; body: string }>(PENDING_VMS);
  /** In the order of their ids. */
  return (
    tenant: TenantId,
    filters: Filters,
    { after, atMost }: { readonly after: string; readonly atMost: number },
  ): readonly VmView[] => {
    const found: VmView[] = [];
    if (filters.host !== undefined || (filters.state ?? 'pending') !== 'pending') return found;
    for (let from: string | undefined = after; from !== undefined && found.length < atMost; ) {
      const rows = list.all(tenant, from);
      for (const { body } of rows) {
        const item = viewOf(JSON.parse(body) as WorkCommand);
        if (matches(item, filters)) found.push(item);
      }
      from = rows.length < CHUNK ? undefined : rows.at(-1)?.vm_id;
    }
    return found.slice(0, atMost);
  };
};
