// How operations look over HTTP: the fold's state, with links and without what is only ours.
import type { OperationState } from '@ironlog/domain';
import type { Operation } from '@ironlog/schemas';

/** `waitingFor`: why no host fits, computed when asked. */
export const operationView = (state: OperationState, waitingFor?: string): Operation => ({
  id: state.id,
  vmId: state.vmId,
  tenant: state.tenant,
  verb: state.verb,
  actor: state.actor,
  status: state.status,
  requestedAt: state.request.requestedAt,
  startBy: state.request.startBy,
  startedAt: state.startedAt,
  finishedAt: state.finishedAt,
  sequence: state.sequence === 0 ? null : state.sequence,
  ...(state.error && { error: state.error }),
  ...(waitingFor && { waitingFor }),
  links: {
    self: `/v1/operations/${state.id}`,
    vm: `/v1/vms/${state.vmId}`,
    events: `/v1/vms/${state.vmId}/events`,
  },
});
