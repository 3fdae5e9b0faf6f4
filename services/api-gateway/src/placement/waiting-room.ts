// The creates that wait for a host: counted per tenant, so that one tenant cannot fill the queue for all.
import type { CommandId, TenantId, VmSpec } from '@ironlog/schemas';

export interface WaitingRoom {
  /** `undefined`: yes. Otherwise why not. */
  mayEnter(tenant: TenantId): string | undefined;
  enter(tenant: TenantId, id: CommandId, spec: VmSpec): void;
  leave(tenant: TenantId, id: CommandId): void;
  /** The spec that waits, if it does. */
  find(tenant: TenantId, id: CommandId): VmSpec | undefined;
}

export const createWaitingRoom = (limitPerTenant: number): WaitingRoom => {
  const tenants = new Map<TenantId, Map<CommandId, VmSpec>>();
  return {
    mayEnter: (tenant) =>
      (tenants.get(tenant)?.size ?? 0) < limitPerTenant
        ? undefined
        : `${limitPerTenant} creates of ${tenant} wait for a host already; delete some, or wait until they are placed`,
    enter: (tenant, id, spec) => {
      const waiting = tenants.get(tenant) ?? new Map<CommandId, VmSpec>();
      waiting.set(id, spec);
      tenants.set(tenant, waiting);
    },
    leave: (tenant, id) => {
      const waiting = tenants.get(tenant);
      waiting?.delete(id);
      if (waiting?.size === 0) tenants.delete(tenant);
    },
    find: (tenant, id) => tenants.get(tenant)?.get(id),
  };
};
