// Why an operation waits, as far as the read model tells: a host that must be live, a spec for which a host must be found, or an
// image that the host may still have to fetch.
import type { OperationState, Vm } from '@ironlog/domain';
import type { VmLocation } from '@ironlog/read-model';
import { type CommandId, filesOf, type HostId, type TenantId, type VmId, type VmSpec } from '@ironlog/schemas';

export type WaitingCause =
  | { readonly kind: 'sent'; readonly host: HostId }
  /** `behind`: another command of this VM waits for its create. */
  | { readonly kind: 'unplaced'; readonly spec: VmSpec; readonly behind: VmId | undefined }
  | { readonly kind: 'image'; readonly host: HostId; readonly digests: readonly string[] };

export interface WaitingLookups {
  readonly vmLocation: (tenant: TenantId, vmId: VmId) => VmLocation | undefined;
  readonly waitingSpec: (tenant: TenantId, createId: CommandId) => VmSpec | undefined;
  readonly aggregate: (tenant: TenantId, vmId: VmId) => Pick<Vm, 'image' | 'owner'> | undefined;
}

/** `undefined`: nothing known; its turn will come. */
export const waitingCause = (
  { vmLocation, waitingSpec, aggregate }: WaitingLookups,
  { status, tenant, id, verb, vmId }: OperationState,
): WaitingCause | undefined => {
  if (vmId === null) return undefined;
  if (status === 'running' && verb === 'create') return imageOf(aggregate(tenant, vmId));
  if (status !== 'pending') return undefined;
  const where = vmLocation(tenant, vmId);
  if (where?.kind === 'owned') return { kind: 'sent', host: where.host };
  const createId = verb === 'create' ? id : where?.kind === 'pending' ? where.createId : undefined;
  const spec = createId && waitingSpec(tenant, createId);
  if (spec) return { kind: 'unplaced', spec, behind: verb === 'create' ? undefined : vmId };
  return where?.kind === 'pending' && where.target !== 'any' ? { kind: 'sent', host: where.target } : undefined;
};

const imageOf = (vm: Pick<Vm, 'image' | 'owner'> | undefined): WaitingCause | undefined =>
  vm?.owner && vm.image
    ? { kind: 'image', host: vm.owner, digests: filesOf(vm.image).map(({ digest }) => digest) }
    : undefined;
