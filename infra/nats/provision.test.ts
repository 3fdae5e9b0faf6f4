// Provisioning updates an existing stream to its definition, and reports the changes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostId, STREAMS, tenantId } from '@ironlog/schemas';
import { jetstreamManager, StoreCompression } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findNatsServer } from '../dev/setup/nats-server.ts';
import { type NatsProcess, startNats } from './nats-process.ts';
import { provision } from './provision.ts';
import { openSession } from './session.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'ironlog-provision-'));
let server: NatsProcess;
beforeAll(async () => {
  server = await startNats({
    binary: await findNatsServer(),
    directory,
    hosts: [hostId('host-1')],
    tenants: [tenantId('dev')],
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('removes the compression of a stream of an earlier version', async () => {
  const { connection } = await openSession(server, 'provisioner');
  const manager = await jetstreamManager(connection);
  await manager.streams.update(STREAMS.events, { compression: StoreCompression.S2 });
  const options = {
    url: server.url,
    password: server.credentials.passwordOf('provisioner'),
    hosts: [hostId('host-1')],
  };
  expect(await provision(options)).toEqual(['stream EVENTS updated: it had compression is "s2", should be "none"']);
  expect((await manager.streams.info(STREAMS.events)).config.compression).toBe(StoreCompression.None);
  expect(await provision(options)).toEqual([]);
  await connection.close();
});
