// The gateway's view of heartbeats across a nats-server restart: a live host must never count as silent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executorUser, findNatsServer, inboxPrefix, type SupervisedNats, superviseNats } from '@ironlog/infra';
import { type Heartbeat, HOSTS_BUCKET, hostId } from '@ironlog/schemas';
import { createLogger, systemClock } from '@ironlog/service-kit';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { watchHosts } from './hosts.ts';

const HOST = hostId('host-1');
const BOUND = { timeout: 20_000, interval: 20 };
/** Far more than are sent after the restart. */
const BEATS_BEFORE = 200;

const directory = mkdtempSync(join(tmpdir(), 'ironlog-hosts-'));
const connections: NatsConnection[] = [];
let server: SupervisedNats;

const as = async (user: string): Promise<NatsConnection> => {
  const connection = await connect({
    servers: server.url,
    user,
    pass: server.credentials.passwordOf(user),
    inboxPrefix: inboxPrefix(user),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 20,
  });
  connections.push(connection);
  return connection;
};

beforeAll(async () => {
  const options = { binary: await findNatsServer(), directory, hosts: [HOST], tenants: [] };
  server = await superviseNats(options, () => undefined);
});
afterAll(async () => {
  for (const connection of connections) await connection.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const beat = (bucket: KV, incarnation: string): Promise<number> => {
  const room = { cpus: 1, memoryMiB: 1, processes: 1 };
  const heartbeat: Heartbeat = {
    host: HOST,
    incarnation,
    at: new Date().toISOString(),
    status: 'ready',
    hypervisors: ['simulator'],
    images: [],
    labels: {},
    used: room,
    capacity: room,
  };
  return bucket.put(HOST, JSON.stringify(heartbeat));
};

it('a host is live again with its first heartbeat after a restart of nats-server, whose bucket is in memory', async () => {
  const bucket = await new Kvm(await as(executorUser(HOST))).open(HOSTS_BUCKET);
  for (let n = 0; n < BEATS_BEFORE; n += 1) await beat(bucket, 'before');
  const stopping = new AbortController();
  const logger = createLogger({ service: 'test', level: 'fatal' });
  const hosts = watchHosts({ connection: await as('gateway'), clock: systemClock, logger, signal: stopping.signal });
  const seen = (): string[] => hosts.live().map(({ incarnation }) => incarnation);
  await vi.waitFor(() => expect(seen()).toEqual(['before']), BOUND);
  const first = server.pid();
  process.kill(first ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect([undefined, first]).not.toContain(server.pid()), BOUND);
  await vi.waitFor(() => beat(bucket, 'after'), BOUND);
  await vi.waitFor(() => expect(seen()).toEqual(['after']), BOUND);
  stopping.abort();
  await hosts.watching;
}, 60_000);
