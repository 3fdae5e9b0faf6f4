// The baseline of a rebuild: consume all of EVENTS as fast as the client can, and JSON.parse each message.
import { inboxPrefix } from '@ironlog/infra';
import { STREAMS } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { READER, readerTask, writeReading } from './reader.ts';

/** One ordered consumer is fastest with this value here (measured). */
const PULL_AHEAD = 10_000;

const { url, password, events } = readerTask();
const connection = await connect({ servers: url, user: READER, pass: password, inboxPrefix: inboxPrefix(READER) });
const consumer = await jetstream(connection).consumers.get(STREAMS.events);
const startedAt = performance.now();
const messages = await consumer.consume({ max_messages: PULL_AHEAD });
let parsed = 0;
for await (const message of messages) {
  const event: unknown = JSON.parse(message.string());
  if (typeof event === 'object') parsed += 1;
  if (parsed === events) break;
}
const ms = performance.now() - startedAt;
await connection.close();
writeReading({ events: parsed, ms });
