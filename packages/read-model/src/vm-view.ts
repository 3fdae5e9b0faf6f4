// A VM in the API: the fold's aggregate, without the control plane's internal fields.
import { allowedVerbs, type Vm } from '@ironlog/domain';
import { HYPERVISOR_VERBS, type TenantId, type Timestamp, type VmId, type VmSpec, type VmView } from '@ironlog/schemas';

/** `undefined`: the VM has no events. */
export const viewOfVm = (vm: Vm): VmView | undefined => {
  if (vm.state === 'absent' || vm.createdAt === null || vm.updatedAt === null) return undefined;
  const { failure, task } = vm;
  return {
    id: vm.id,
    tenant: vm.tenant,
    name: vm.spec?.name ?? vm.id,
    state: vm.state,
    task: task && { verb: task.verb, operationId: task.commandId, startedAt: task.startedAt, deadline: task.deadline },
    health: vm.health,
    epoch: vm.epoch,
    readyAt: vm.readyAt,
    host: vm.owner,
    hypervisor: vm.hypervisor,
    spec: vm.spec,
    ...(vm.image && { image: vm.image }),
    failure: failure && {
      eventId: failure.eventId,
      event: failure.event,
      at: failure.at,
      stage: failure.stage,
      reason: failure.reason,
      retryable: failure.retryable,
      residue: [...vm.residue],
    },
    attention: vm.attention,
    lastStop: vm.lastStop,
    revision: vm.revision,
    sequence: vm.sequence,
    createdAt: vm.createdAt,
    updatedAt: vm.updatedAt,
    deletedAt: vm.deletedAt,
    allowedActions: allowedVerbs(vm, vm.hypervisor ? HYPERVISOR_VERBS[vm.hypervisor] : undefined),
    links: linksOf(vm.id),
  };
};

export interface AskedFor {
  readonly tenant: TenantId;
  readonly id: VmId;
  /** Null: not folded yet. */
  readonly spec: VmSpec | null;
  readonly requestedAt: Timestamp;
}

/** The view of a VM that no host has claimed: it has no events yet, but its requester must find it. */
export const viewOfPending = ({ tenant, id, spec, requestedAt }: AskedFor): VmView => ({
  id,
  tenant,
  name: spec?.name ?? id,
  state: 'pending',
  task: null,
  health: 'unknown',
  epoch: 0,
  readyAt: null,
  host: null,
  hypervisor: null,
  spec,
  failure: null,
  attention: null,
  lastStop: null,
  revision: 0,
  sequence: 0,
  createdAt: requestedAt,
  updatedAt: requestedAt,
  deletedAt: null,
  allowedActions: ['delete'],
  links: linksOf(id),
});

const linksOf = (id: VmId): VmView['links'] => ({
  self: `/v1/vms/${id}`,
  events: `/v1/vms/${id}/events`,
  console: `/v1/vms/${id}/console`,
});
