// VMs that a tenant has asked for and that no host has claimed: WORK alone knows of them.
import type { TenantId, VmView, WorkCommand } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { viewOfPending } from '../vm-view.ts';
import type { PendingItem } from './cursor.ts';
import type { VmListing } from './vms.ts';

/** More creates of one tenant do not wait at once (IRONLOG_MAX_WAITING_CREATES). */
const MOST = 1000;
const LIST = `
SELECT sequence, body FROM pending_commands AS asked
WHERE tenant = ? AND sequence > ? AND verb = 'create' AND NOT EXISTS (SELECT 1 FROM vms WHERE vms.tenant = asked.tenant AND vms.id = asked.vm_id)
ORDER BY sequence LIMIT ${MOST}`;

type Filters = Omit<VmListing, 'includeDeleted' | 'limit' | 'cursor'>;

const matches = ({ id, name, spec }: VmView, { host, labels = {}, q, state }: Filters): boolean =>
  host === undefined &&
  (state === undefined || state === 'pending') &&
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
  const list = db.prepare<[string, number], { sequence: number; body: string }>(LIST);
  /** In the order in which they were asked for. */
  return (tenant: TenantId, filters: Filters, afterSequence: number): readonly PendingItem<VmView>[] =>
    list
      .all(tenant, afterSequence)
      .map(({ sequence, body }) => ({ sequence, item: viewOf(JSON.parse(body) as WorkCommand) }))
      .filter(({ item }) => matches(item, filters));
};
