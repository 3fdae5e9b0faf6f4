// A nats-server that is killed is restarted on its ports with what it had acknowledged (P1).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostId, STREAMS, tenantId } from '@ironlog/schemas';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findNatsServer } from '../dev/setup/nats-server.ts';
import { openSession } from './session.fixture.ts';
import { type SupervisedNats, superviseNats } from './supervised-nats.ts';

const directory = mkdtempSync(join(tmpdir(), 'ironlog-kept-'));
const printed: string[] = [];
let server: SupervisedNats;

beforeAll(async () => {
  const hosts = [hostId('host-1')];
  const options = { binary: await findNatsServer(), directory, hosts, tenants: [tenantId('dev')] };
  server = await superviseNats(options, (line) => printed.push(line));
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const commandsOnRecord = async (): Promise<number> => {
  const { connection } = await openSession(server, 'provisioner');
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(STREAMS.commands);
  await connection.close();
  return state.last_seq;
};

it('restarts it when it is killed, and prints it', async () => {
  const client = await openSession(server, 'client-dev');
  await client.connection.request('ironlog.cmd.dev.vm-1.boot', '', { timeout: 5000 });
  const first = server.pid();
  expect(first).toBeDefined();
  process.kill(first ?? 0, 'SIGKILL');
  await expect.poll(() => server.pid(), { timeout: 20_000 }).not.toBe(first);
  await expect.poll(() => server.pid(), { timeout: 20_000 }).toBeDefined();
  expect(await commandsOnRecord()).toBe(1);
  expect(printed).toEqual(['nats-server ended (SIGKILL); starting it again']);
});

it('ends for good after stop, also one that hangs, at once when forced', async () => {
  const pid = server.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  const force = new AbortController();
  const stopping = server.stop(force.signal);
  const hurriedAt = performance.now();
  force.abort();
  await stopping;
  expect(performance.now() - hurriedAt).toBeLessThan(5000);
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  expect(server.pid()).toBeUndefined();
});
