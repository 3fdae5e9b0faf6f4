// Three real nats-servers under load, each killed in turn: every acknowledged message is read back. With S2 compression
// nats-server 2.15 loses the whole stream in this test (docs/decisions/0010).
import { STREAMS } from '@ironlog/schemas';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestServer } from '../fixtures/nats-server.fixture.ts';
import { until } from '../fixtures/until.fixture.ts';
import { createEventLog } from './event-log.ts';

const PUBLISHERS = 16;
/** nats-server's file store begins a new block after 8 MiB; one round's messages fill more than one. */
const BODY = 'abcdefghij'.repeat(200);
const PER_ROUND = 2_500;

const idOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes)).id;

let servers: readonly TestServer[] = [];
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  servers = await startCluster();
  const [first] = servers;
  if (!first) throw new Error('the cluster has no server');
  connection = await first.connect(servers.map(({ port }) => port));
  manager = await jetstreamManager(connection, { checkAPI: false, timeout: 2_000 });
}, 60_000);
afterAll(async () => {
  await connection.close();
  await Promise.all(servers.map((server) => server.remove()));
});

const isWhole = async (): Promise<boolean> => {
  const info = await manager.streams.info(STREAMS.events).catch(() => undefined);
  const replicas = info?.cluster?.replicas ?? [];
  return (
    Boolean(info?.cluster?.leader) &&
    replicas.length === 2 &&
    replicas.every(({ current, offline }) => current && !offline)
  );
};

it('keeps every acknowledged message when each server is killed in turn', async () => {
  const acknowledged = new Map<number, number>();
  const stopping = new AbortController();
  let next = 0;
  const log = jetstream(connection);
  const publish = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const id = next++;
      const body = JSON.stringify({ id, random: Math.random(), text: BODY });
      // A publish without an answer has an unknown outcome: it may be stored or not.
      const answer = await log
        .publish(`ironlog.evt.vm.t.v-${id % 50}.h.fact`, body, { timeout: 3_000 })
        .catch(() => undefined);
      if (answer) acknowledged.set(id, answer.seq);
    }
  };
  const publishers = Array.from({ length: PUBLISHERS }, publish);
  const more = (count: number): Promise<boolean> => {
    const from = acknowledged.size;
    return until(`${count} more are acknowledged`, () => acknowledged.size >= from + count, 60_000);
  };
  try {
    await more(PER_ROUND);
    for (const server of servers) {
      await server.kill();
      await more(PER_ROUND);
      await server.start();
      await until('every replica is current', isWhole, 60_000);
      await more(PER_ROUND);
    }
  } finally {
    stopping.abort();
    await Promise.all(publishers);
  }
  await until('every replica is current', isWhole, 60_000);

  // The project's own reader, which continues after a change of the leader.
  const events = await createEventLog({ connection });
  const stored = new Map<number, unknown>();
  const { lastSequence } = await events.info();
  for await (const { sequence, bytes } of events.replay({ after: 0, until: lastSequence }))
    stored.set(sequence, idOf(bytes));
  const lost = [...acknowledged].filter(([id, sequence]) => stored.get(sequence) !== id);
  expect({ lost, acknowledged: acknowledged.size >= 7 * PER_ROUND }).toEqual({ lost: [], acknowledged: true });
  expect(stored.size * BODY.length).toBeGreaterThan(4 * 8 * 1024 * 1024);
}, 240_000);
