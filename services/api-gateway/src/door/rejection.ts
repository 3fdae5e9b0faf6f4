// A command that the gateway refuses from the NATS door ends on record: the client has no answer to read it from.
import {
  COMMAND_REJECTED_TYPE,
  type CommandId,
  type CommandRejected,
  derivedEventId,
  type Rejection,
  sourceOf,
  type TenantId,
  type Timestamp,
  type Verb,
  type VmId,
} from '@ironlog/schemas';

export interface Rejected {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly verb: Verb;
  readonly commandId: CommandId;
  readonly requestedAt: Timestamp;
  readonly startBy: Timestamp;
  readonly now: Timestamp;
  readonly rejection: Rejection;
  readonly bodyHash?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** Its id follows from the command's, so that a redelivered message rejects once. */
export const rejectionEvent = (rejected: Rejected): CommandRejected => ({
  specversion: '1.0',
  id: derivedEventId(rejected.tenant, rejected.commandId, 'rejected'),
  source: sourceOf('gateway'),
  type: COMMAND_REJECTED_TYPE,
  subject: rejected.vmId,
  tenant: rejected.tenant,
  time: rejected.now,
  datacontenttype: 'application/json',
  actor: 'nats',
  causationid: rejected.commandId,
  correlationid: rejected.commandId,
  ...(rejected.traceparent && { traceparent: rejected.traceparent }),
  data: {
    ...rejected.rejection,
    reason: rejected.rejection.reason.slice(0, 2000),
    request: {
      verb: rejected.verb,
      door: 'nats',
      requestedAt: rejected.requestedAt,
      startBy: rejected.startBy,
      ...(rejected.bodyHash && { bodyHash: rejected.bodyHash }),
    },
  },
});
