import { hostEvent } from '@ironlog/domain';
import { createEventLog } from '@ironlog/event-log';
import { type HostFact, hostEventSubject, hostFilter, hostId, newEventId, type Writer } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { beat, fallSilent, heartbeat } from '../../fixtures/executor.fixture.ts';
import { HOST } from '../../fixtures/nats.fixture.ts';
import { startPlane, type TestPlane } from '../../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const HEARD_AT = '2026-01-01T00:00:00.000Z';
let plane: TestPlane;

/** Appends the host's first event. */
const append = async (name: string, fact: HostFact, writer: Writer = hostId(name)): Promise<void> => {
  const host = hostId(name);
  const event = hostEvent(host, fact, { id: newEventId(), time: new Date().toISOString(), writer });
  const log = await createEventLog({ connection: plane.connection });
  const subject = hostEventSubject(host, writer, fact.name);
  await log.append({ subject, event, filter: hostFilter(host), expected: 0 });
};

beforeAll(async () => {
  plane = await startPlane();
  await plane.call('POST', '/v1/vms', { body: { id: 'watched', start: true }, headers: { prefer: 'wait=10' } });
});
afterAll(async () => {
  await plane?.stop();
});

const hosts = async () => (await plane.call('GET', '/v1/hosts', { as: 'admin' })).body.items;

test('a silent host is still listed: not live, with the time of its last heartbeat', async () => {
  const data = { reason: 'no heartbeat for 20 seconds', lastHeartbeatAt: HEARD_AT };
  await append('host-0', { name: 'host-unreachable', data }, 'recovery');
  await vi.waitFor(async () =>
    expect(await hosts()).toMatchObject([
      { host: 'host-0', live: false, status: 'unreachable', lastSeenAt: HEARD_AT, reason: expect.any(String) },
      {
        host: 'host-1',
        live: true,
        status: 'ready',
        lastSeenAt: expect.any(String),
        used: { cpus: expect.any(Number) },
      },
    ]),
  );
  expect((await plane.call('GET', '/v1/hosts')).status).toBe(403);
});

test('a host that just fell silent has the time of its last heartbeat, before that is recorded', async () => {
  const host = hostId('host-2');
  await append(host, {
    name: 'executor-started',
    data: {
      incarnation: 'one',
      stateDirectoryId: 'disk',
      hypervisors: ['simulator'],
      capacity: { cpus: 4, memoryMiB: 1024, processes: 10 },
    },
  });
  const last = heartbeat(host);
  await beat(plane.connection, last);
  const isShown = (item: object) =>
    vi.waitFor(async () => expect(await hosts()).toContainEqual(expect.objectContaining({ host, ...item })));
  await isShown({ live: true });
  await fallSilent(plane.connection, host);
  await isShown({ live: false, status: 'silent', lastSeenAt: last.at });
});

test("the health of a silent host's VM is unknown wherever it is read, until its host sends heartbeats again", async () => {
  const healths = async () => {
    const vm = (await plane.call('GET', '/v1/vms/watched')).body;
    const list = (await plane.call('GET', '/v1/vms')).body as { items: object[] };
    const waited = (await plane.call('GET', '/v1/vms/watched/wait?state=running')).body;
    return [vm, list.items[0], waited.vm];
  };
  const are = (health: string) =>
    vi.waitFor(async () =>
      expect(await healths()).toMatchObject(
        Array.from({ length: 3 }, () => ({ state: 'running', host: 'host-1', health })),
      ),
    );
  await are('responsive');
  await fallSilent(plane.connection, HOST);
  await are('unknown');
  const { sequence } = (await plane.call('GET', '/v1/vms/watched')).body;
  // Past states keep their recorded health.
  expect((await plane.call('GET', `/v1/vms/watched?sequence=${sequence}`)).body.health).toBe('responsive');
  await beat(plane.connection, heartbeat(HOST));
  await are('responsive');
});
