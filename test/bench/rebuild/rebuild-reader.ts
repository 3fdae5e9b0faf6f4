// The projector's own rebuild of `state`, from an empty directory until readers have the file.
import { inboxPrefix } from '@ironlog/infra';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { openStreams, rebuild } from '@ironlog/state-projector';
import { connect } from '@nats-io/transport-node';
import { READER, readerTask, writeReading } from './reader.ts';

const { url, password, directory } = readerTask();
const connection = await connect({ servers: url, user: READER, pass: password, inboxPrefix: inboxPrefix(READER) });
const stopping = new AbortController();
const readStreams = await openStreams(connection);
const streams = await readStreams();
const startedAt = performance.now();
const replaced = Promise.withResolvers<void>();
const generation = rebuild({
  directory,
  kind: 'state',
  streams,
  runtime: createRuntime('bench', { logger: createLogger({ service: 'bench', level: 'fatal' }) }),
  fail: () => undefined,
  signal: stopping.signal,
  current: undefined,
  onReplaced: () => replaced.resolve(),
});
await replaced.promise;
const ms = performance.now() - startedAt;
const [events = 0] = generation.positions();
stopping.abort();
await generation.ended;
await connection.close();
writeReading({ events, ms });
