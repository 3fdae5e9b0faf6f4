// On what it depends why a pending operation waits: a host that must be live, or a spec for which a host must be found.
import type { OperationState } from '@ironlog/domain';
import type { VmLocation } from '@ironlog/read-model';
import type { CommandId, HostId, TenantId, VmId, VmSpec } from '@ironlog/schemas';

export type WaitingCause =
  | { readonly kind: 'sent'; readonly host: HostId }
  /** `behind`: another command of this VM waits for its create. */
  | { readonly kind: 'unplaced'; readonly spec: VmSpec; readonly behind: VmId | undefined };

export interface WaitingLookups {
  readonly vmLocation: (tenant: TenantId, vmId: VmId) => VmLocation | undefined;
  readonly waitingSpec: (tenant: TenantId, createId: CommandId) => VmSpec | undefined;
}

/** `undefined`: nothing known; its turn will come. */
export const waitingCause = (
  { vmLocation, waitingSpec }: WaitingLookups,
  { status, tenant, id, verb, vmId }: OperationState,
): WaitingCause | undefined => {
  if (status !== 'pending' || vmId === null) return undefined;
  const where = vmLocation(tenant, vmId);
  if (where?.kind === 'owned') return { kind: 'sent', host: where.host };
  const createId = verb === 'create' ? id : where?.kind === 'pending' ? where.createId : undefined;
  const spec = createId && waitingSpec(tenant, createId);
  if (spec) return { kind: 'unplaced', spec, behind: verb === 'create' ? undefined : vmId };
  return where?.kind === 'pending' && where.target !== 'any' ? { kind: 'sent', host: where.target } : undefined;
};
