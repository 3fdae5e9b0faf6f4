// Rejects a command of the NATS ingress on record, because its client has no HTTP answer.
import { commandRejected } from '@ironlog/domain';
import type { CommandId, CommandRejected, Rejection, TenantId, Timestamp, Verb, VmId } from '@ironlog/schemas';

interface Refused {
  readonly tenant: TenantId;
  readonly vmId: VmId | undefined;
  readonly commandId: CommandId;
  readonly verb: Verb | undefined;
  readonly requestedAt: Timestamp;
  readonly startBy: Timestamp;
  readonly bodyHash?: string | undefined;
  readonly now: Timestamp;
  readonly rejection: Rejection;
  readonly traceparent?: string | undefined;
}

export const rejectionEvent = (refused: Refused): CommandRejected => {
  const { tenant, vmId, commandId, verb, requestedAt, startBy, bodyHash, now, rejection, traceparent } = refused;
  const request = { ...(verb && { verb }), door: 'nats', requestedAt, startBy, ...(bodyHash && { bodyHash }) } as const;
  return commandRejected(
    { tenant, subject: vmId, id: commandId, actor: 'nats', traceparent, data: { request } },
    rejection,
    { writer: 'gateway', time: now },
  );
};
