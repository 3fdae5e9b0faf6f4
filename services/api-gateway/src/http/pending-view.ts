// A VM that is asked for and that no host has claimed: there is no event of it yet, and still its asker must find it.
import type { TenantId, VmId, VmView } from '@ironlog/schemas';
import type { Api } from './api.ts';

/** `undefined`: nobody has asked for it either. */
export const pendingView = (
  api: Pick<Api, 'whereabouts' | 'operations' | 'waiting'>,
  tenant: TenantId,
  id: VmId,
): VmView | undefined => {
  const where = api.whereabouts.find(tenant, id);
  if (where?.kind !== 'pending') return undefined;
  const operation = api.operations.find(tenant, where.createId);
  if (operation?.status !== 'pending') return undefined;
  const spec = api.waiting.find(tenant, where.createId) ?? null;
  const self = `/v1/vms/${id}`;
  return {
    id,
    tenant,
    name: spec?.name ?? id,
    state: 'pending',
    task: null,
    health: 'unknown',
    epoch: 0,
    host: null,
    hypervisor: null,
    spec,
    failure: null,
    attention: null,
    lastStop: null,
    revision: 0,
    sequence: 0,
    createdAt: operation.request.requestedAt,
    updatedAt: operation.request.requestedAt,
    deletedAt: null,
    allowedActions: ['delete'],
    links: { self, events: `${self}/events`, console: `${self}/console` },
  };
};
