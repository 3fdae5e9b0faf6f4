// A stream with a different configuration is reported, with the setting and its expected value.
import { STREAMS } from '@ironlog/schemas';
import { jetstreamManager, StoreCompression } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer } from '../fixtures/nats-server.fixture.ts';
import { createStreamCheck } from './stream-check.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.remove());

it("reports nothing for the provisioner's streams, and every later change", async () => {
  const connection = await server.connect();
  const check = await createStreamCheck(connection, [STREAMS.commands, STREAMS.work, STREAMS.events]);
  expect(await check()).toEqual([]);

  const manager = await jetstreamManager(connection);
  await manager.streams.update(STREAMS.work, { compression: StoreCompression.S2, allow_direct: true });
  expect(await check()).toEqual([
    'stream WORK: compression is "s2", should be "none"; provision the streams again',
    'stream WORK: allow_direct is true, should be false; provision the streams again',
  ]);

  await manager.streams.delete(STREAMS.work);
  expect(await check()).toEqual(['stream WORK does not exist; provision the streams']);
  await connection.close();
});
