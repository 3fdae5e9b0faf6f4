// The unacknowledged messages of a crashed consumer: those between its ack floor and its last delivery, in stream
// order.
import type { ConsumerConfig, StoredMsg } from '@nats-io/jetstream';
import { asError, LogUnavailableError } from '../../errors.ts';
import type { UnacknowledgedMessage } from '../../queue-port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { headerMap } from '../header-map.ts';
import { readNext } from '../read/read-stored.ts';

export const unacknowledged = async (
  deps: JetStreamDeps,
  stream: string,
  durable: string,
): Promise<readonly UnacknowledgedMessage[]> => {
  const { ack_floor: floor, delivered, config } = await consumerInfo(deps, stream, durable);
  const found = await Promise.all(
    filtersOf(config).map((filter) =>
      between(deps, { stream, filter, after: floor.stream_seq, until: delivered.stream_seq }),
    ),
  );
  return found
    .flat()
    .sort((a, b) => a.seq - b.seq)
    .map(fromStored);
};

const consumerInfo = async (deps: JetStreamDeps, stream: string, durable: string) => {
  try {
    return await deps.manager.consumers.info(stream, durable);
  } catch (error) {
    throw new LogUnavailableError(
      `cannot read the state of consumer ${durable} of ${stream}: ${asError(error).message}`,
      error,
    );
  }
};

const filtersOf = (config: ConsumerConfig): readonly string[] =>
  config.filter_subjects ?? [config.filter_subject ?? '>'];

interface Range {
  readonly stream: string;
  readonly filter: string;
  readonly after: number;
  readonly until: number;
}

const between = async (deps: JetStreamDeps, { stream, filter, after, until }: Range): Promise<readonly StoredMsg[]> => {
  const messages: StoredMsg[] = [];
  for (let seq = after + 1; seq <= until; ) {
    const message = await readNext(deps, stream, { seq, next_by_subj: filter });
    if (!message || message.seq > until) break;
    messages.push(message);
    seq = message.seq + 1;
  }
  return messages;
};

const fromStored = (message: StoredMsg): UnacknowledgedMessage => ({
  subject: message.subject,
  bytes: message.data,
  headers: headerMap(message.header),
  streamSequence: message.seq,
  storedAt: message.time,
});
