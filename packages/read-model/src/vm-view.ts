// A VM as people see it: the fold's aggregate, without what only the control plane needs.
import { allowedVerbs, type Vm } from '@ironlog/domain';
import type { VmView } from '@ironlog/schemas';

/** `undefined`: nothing has happened to that VM. */
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
    host: vm.owner,
    hypervisor: vm.hypervisor,
    spec: vm.spec,
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
    allowedActions: allowedVerbs(vm),
    links: { self: `/v1/vms/${vm.id}`, events: `/v1/vms/${vm.id}/events`, console: `/v1/vms/${vm.id}/console` },
  };
};
