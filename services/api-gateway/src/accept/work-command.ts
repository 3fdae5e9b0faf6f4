// From a judged submission to the accepted command as WORK holds it, and the pending operation that it begins.
import type { OperationState } from '@ironlog/domain';
import type { WorkCommand } from '@ironlog/schemas';
import type { Judged } from './submission.ts';

export const workCommandOf = ({ submission, id, vmId, action, request }: Judged): WorkCommand => ({
  specversion: '1.0',
  id,
  source: '/api-gateway',
  type: `ironlog.vm.${action.verb}.v1`,
  subject: vmId,
  time: request.requestedAt,
  datacontenttype: 'application/json',
  actor: submission.actor,
  ...(submission.traceparent && { traceparent: submission.traceparent }),
  tenant: submission.tenant,
  correlationid: id,
  data: {
    action,
    request,
    ...(submission.expectedRevision !== undefined && { expectedRevision: submission.expectedRevision }),
    round: 0,
  },
});

/** Nothing in EVENTS speaks of it yet, hence sequence 0. */
export const pendingOf = ({ id, tenant, subject, actor, data: { action, request } }: WorkCommand): OperationState => ({
  id,
  tenant,
  vmId: subject,
  verb: action.verb,
  actor,
  status: 'pending',
  request,
  startedAt: null,
  finishedAt: null,
  startAfterCreate: action.verb === 'create' && action.params.start,
  sequence: 0,
});
