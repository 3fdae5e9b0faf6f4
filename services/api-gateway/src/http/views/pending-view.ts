// The view of a VM that no host has claimed, from this gateway's memory.
import { viewOfPending } from '@ironlog/read-model';
import type { TenantId, VmId, VmView } from '@ironlog/schemas';
import type { Api } from '../api.ts';
import type { WaitingReads } from './waiting-for.ts';

/** `undefined`: there is no pending create of it, either. */
export const pendingView = (
  api: Pick<Api, 'vmLocation' | 'operations' | 'waiting'> & WaitingReads,
  tenant: TenantId,
  id: VmId,
): VmView | undefined => {
  const where = api.vmLocation.find(tenant, id);
  if (where?.kind !== 'pending') return undefined;
  const operation = api.operations.find(tenant, where.createId);
  if (operation?.status !== 'pending') return undefined;
  const spec = api.waiting.find(tenant, where.createId) ?? api.reads.waitingSpec(tenant, where.createId) ?? null;
  return viewOfPending({ tenant, id, spec, requestedAt: operation.request.requestedAt });
};
