// Single messages from a stream's leader: STREAM.MSG.GET, never a direct get, which a replica that lags may answer.
import type { StoredMsg } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { asError, LogUnavailableError } from '../../errors.ts';
import type { Recorded } from '../../port.ts';
import { recorded } from '../../recorded.ts';
import type { JetStreamDeps } from '../deps.ts';

/** The first message at or after `seq` over a filter with wildcards; the client's type only has `seq`. */
interface NextOver {
  readonly seq: number;
  readonly next_by_subj: string;
}

/** `undefined`: no such message. Rejects with LogUnavailableError when the leader does not answer. */
export const readNext = async (
  deps: JetStreamDeps,
  stream: string,
  next: NextOver | { readonly seq: number },
): Promise<StoredMsg | undefined> => {
  try {
    return (await deps.manager.streams.getMessage(stream, next)) ?? undefined;
  } catch (error) {
    throw new LogUnavailableError(
      `cannot read ${stream} at ${next.seq} from its leader: ${asError(error).message}`,
      error,
    );
  }
};

export const messageIdOf = (headers: MsgHdrs | undefined): string | undefined =>
  headers?.get('Nats-Msg-Id') || undefined;

export const toRecorded = (message: StoredMsg): Recorded =>
  recorded({
    sequence: message.seq,
    subject: message.subject,
    bytes: message.data,
    storedAt: () => message.time,
    messageId: () => messageIdOf(message.header),
  });
