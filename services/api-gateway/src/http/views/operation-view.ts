// Operations in the API: the fold's state with links, without internal fields.
import type { OperationState } from '@ironlog/domain';
import type { Operation } from '@ironlog/schemas';
import type { WaitingFor } from './waiting-for.ts';

export const operationView = (state: OperationState, waitingFor: WaitingFor): Operation => ({
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
  ...given(waitingFor(state)),
  links: {
    self: `/v1/operations/${state.id}`,
    vm: state.vmId && `/v1/vms/${state.vmId}`,
    events: state.vmId && `/v1/vms/${state.vmId}/events`,
  },
});

const given = (waitingFor: string | undefined): Pick<Operation, 'waitingFor'> =>
  waitingFor === undefined ? {} : { waitingFor };
