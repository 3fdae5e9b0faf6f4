// The server runs on the test's machine: both read the same clock.
import { STREAMS } from '@ironlog/schemas';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { startServer } from '../fixtures/nats-server.fixture.ts';
import { createStreamTimeReader } from './stream-time.ts';

it('reads the time of the answer, and rejects without the stream', async () => {
  const server = await startServer();
  const connection = await server.connect();
  try {
    const read = await createStreamTimeReader(connection);
    const before = new Date();
    const at = await read();
    expect(at >= before && at <= new Date()).toBe(true);
    await (await jetstreamManager(connection)).streams.delete(STREAMS.events);
    await expect(read()).rejects.toThrow('stream not found');
  } finally {
    await connection.close();
    await server.remove();
  }
});
