// How the gateway says on record that a command is rejected.
import {
  COMMAND_REJECTED_TYPE,
  type CommandId,
  type CommandRejected,
  derivedEventId,
  type Rejection,
  sourceOf,
  type TenantId,
  type Timestamp,
  type VmId,
} from '@ironlog/schemas';

export interface Rejected {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly commandId: CommandId;
  /** Who asked. */
  readonly actor: string;
  readonly request: CommandRejected['data']['request'];
  readonly now: Timestamp;
  readonly rejection: Rejection;
  readonly traceparent?: string | undefined;
}

/** Its id follows from the command's, so that a redelivered message rejects once. */
export const commandRejected = (rejected: Rejected): CommandRejected => ({
  specversion: '1.0',
  id: derivedEventId(rejected.tenant, rejected.commandId, 'rejected'),
  source: sourceOf('gateway'),
  type: COMMAND_REJECTED_TYPE,
  subject: rejected.vmId,
  tenant: rejected.tenant,
  time: rejected.now,
  datacontenttype: 'application/json',
  actor: rejected.actor,
  causationid: rejected.commandId,
  correlationid: rejected.commandId,
  ...(rejected.traceparent && { traceparent: rejected.traceparent }),
  data: { ...rejected.rejection, reason: rejected.rejection.reason.slice(0, 2000), request: rejected.request },
});
