// Builds the `command rejected` event from a command and a reason.
import {
  COMMAND_REJECTED_TYPE,
  type CommandRejected,
  derivedEventId,
  type Rejection,
  sourceOf,
  type Timestamp,
  type WorkCommand,
  type Writer,
} from '@ironlog/schemas';

/** The data of a command that its rejection repeats; the command may not be in WORK. */
export interface Rejected extends Pick<WorkCommand, 'tenant' | 'id' | 'actor'> {
  /** `undefined`: the published message names no VM. */
  readonly subject: WorkCommand['subject'] | undefined;
  /** Default: the command itself. */
  readonly correlationid?: WorkCommand['correlationid'];
  readonly traceparent?: string | undefined;
  readonly data: Pick<CommandRejected['data'], 'request'>;
}

const MOST_CHARACTERS = 2000;

/** The event id is derived from the command id, so a redelivered command is rejected once. */
export const commandRejected = (
  { tenant, subject, id, actor, correlationid = id, traceparent, data: { request } }: Rejected,
  rejection: Rejection,
  { writer, time }: { readonly writer: Writer; readonly time: Timestamp },
): CommandRejected => ({
  specversion: '1.0',
  id: derivedEventId(tenant, id, 'rejected'),
  source: sourceOf(writer),
  type: COMMAND_REJECTED_TYPE,
  ...(subject && { subject }),
  tenant,
  time,
  datacontenttype: 'application/json',
  actor,
  causationid: id,
  correlationid,
  ...(traceparent && { traceparent }),
  data: { ...rejection, reason: rejection.reason.slice(0, MOST_CHARACTERS), request },
});
