// Lists over HTTP, whose bodies read workers make: byte for byte what the server writes of the views of the reader's answers.
import { currentFile, openReader, openWriter, type Reader, STATE_TABLES, type UsageListing } from '@ironlog/read-model';
import {
  attentionListSchema,
  eventListSchema,
  type Heartbeat,
  operationListSchema,
  tenantId,
  usageListSchema,
  vmId,
  vmListSchema,
} from '@ironlog/schemas';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { beat, fallSilent, heartbeat, startExecutor } from '../fixtures/executor.fixture.ts';
import { TOKENS } from '../fixtures/gateway.fixture.ts';
import { HOST } from '../fixtures/nats.fixture.ts';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';
import { eventView } from '../http/views/event-view.ts';
import { healthAmong } from '../http/views/live-health.ts';
import { operationView } from '../http/views/operation-view.ts';
import { waitingFor } from '../http/views/waiting-for.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ACME = tenantId('acme');
const RUNS = vmId('runs');
const PATHS = { vms: '/v1/vms', operations: '/v1/operations' } as const;
const PLACEMENT = { hostLabels: { zone: 'b' } };
const FIRST = { includeDeleted: false, limit: 100 };
const DAY = '2026-01-01T00:00:00.000Z';
const NOW = '2999-01-01T00:00:00.000Z';

let plane: TestPlane;
let reader: Reader;
/** The VM ran before it. */
let until: string;

const pendingIds = (): string[] =>
  reader.operations(ACME, { limit: 100, status: 'pending' })?.items.map(({ vmId: of }) => String(of)) ?? [];

/** Changes rows of the read model: `json_set` in their bodies. */
const change = (sql: string): void => {
  const file = currentFile(plane.gateway.readModelDirectory, 'state');
  if (file === undefined) throw new Error('there is no read model');
  const db = openWriter(file, STATE_TABLES);
  db.exec(sql);
  db.close();
};

/** One host that has a VM and then says nothing more, and what waits for it and for a host that is not there. */
beforeAll(async () => {
  plane = await startPlane({ withHost: false });
  const executor = await startExecutor(plane.connection, HOST);
  await vi.waitFor(async () => expect((await plane.call('GET', '/v1/images')).body.items).toHaveLength(1));
  const wait = { prefer: 'wait=20' };
  const created = await plane.create({ id: RUNS, start: true, spec: { name: 'läuft' } }, wait);
  expect(created).toMatchObject({ status: 200 });
  await executor.stop();
  await plane.call('POST', `/v1/vms/${RUNS}/pause`);
  await plane.create({ id: 'picky', spec: { name: 'wählerisch', placement: PLACEMENT } });
  await plane.call('POST', '/v1/vms/picky/boot');
  await plane.create({ id: 'picky-too', spec: { placement: PLACEMENT } });
  until = new Date().toISOString();
  reader = openReader({ directory: plane.gateway.readModelDirectory });
  await vi.waitFor(() => expect(pendingIds()).toEqual([RUNS, 'picky', 'picky', 'picky-too']));
  change(
    `UPDATE operations SET body = json_set(body, '$.error', json('{"code":"late","reason":"zu spät 😀"}'));
     INSERT INTO quarantine VALUES ('EVENTS', 1, 'acme', 'b', 'später', 1, '2026-01-02T00:00:00.000Z');
     INSERT INTO quarantine VALUES ('EVENTS', 2, 'acme', 'a', 'früher', 1, '2026-01-01T00:00:00.000Z');`,
  );
});
afterAll(async () => {
  reader?.close();
  await plane?.stop();
});

const written = (schema: z.ZodType, value: unknown): string =>
  serializerCompiler({ schema, method: 'GET', url: '/' })(value);

/** What is asked for, and what this thread makes of the reader's answer. */
const pagesOf = (live: readonly Heartbeat[]): readonly (readonly [path: string, body: string])[] => {
  const why = waitingFor({
    hosts: { live: () => live, lastHeartbeatAt: () => undefined },
    waiting: { find: () => undefined },
    images: { find: () => undefined },
    vmLocation: { find: reader.vmLocation } as Parameters<typeof waitingFor>[0]['vmLocation'],
    reads: reader,
  });
  const health = healthAmong(new Set(live.map(({ host }) => host)));
  const vms = (listing: object) => {
    const page = reader.vms(ACME, { ...FIRST, ...listing });
    return written(vmListSchema, { ...page, items: page?.items.map(health) });
  };
  const operations = (listing: object) => {
    const page = reader.operations(ACME, { limit: 100, ...listing });
    return written(operationListSchema, { ...page, items: page?.items.map((item) => operationView(item, why)) });
  };
  const usage = (listing: Pick<UsageListing, 'by' | 'from' | 'to'>) =>
    written(usageListSchema, reader.usage(ACME, { limit: 100, ...listing }, NOW));
  const vmEvents = (limit: number) => {
    const items = reader.vmEvents(ACME, RUNS, { after: 0, limit });
    const nextAfter = items.length < limit ? null : items.at(-1)?.sequence;
    return written(eventListSchema, { items: items.map(eventView), nextAfter });
  };
  const attention = reader.attention(ACME, { hosts: false });
  return [
    [PATHS.vms, vms({})],
    ['/v1/vms?limit=1', vms({ limit: 1 })],
    ['/v1/vms?q=none', vms({ q: 'none' })],
    [PATHS.operations, operations({})],
    ['/v1/operations?limit=2', operations({ limit: 2 })],
    ['/v1/operations?status=succeeded', operations({ status: 'succeeded' })],
    ['/v1/operations?vmId=none', operations({ vmId: 'none' })],
    [`/v1/usage?from=${DAY}&to=${until}`, usage({ by: 'vm', from: DAY, to: until })],
    [`/v1/usage?by=tenant&to=${DAY}`, usage({ by: 'tenant', to: DAY })],
    [
      '/v1/attention',
      written(attentionListSchema, { items: attention.toSorted((a, b) => (a.since < b.since ? -1 : 1)) }),
    ],
    [`/v1/vms/${RUNS}/events`, vmEvents(100)],
    [`/v1/vms/${RUNS}/events?limit=2`, vmEvents(2)],
  ];
};

const expectPages = async (live: readonly Heartbeat[]): Promise<void> => {
  for (const [path, body] of pagesOf(live)) {
    const response = await fetch(plane.gateway.url + path, { headers: { authorization: `Bearer ${TOKENS.operator}` } });
    expect(await response.text(), path).toBe(body);
    const { status, headers } = response;
    expect(
      [status, headers.get('content-type'), headers.get('content-length'), headers.get('ironlog-position')],
      path,
    ).toEqual([200, 'application/json; charset=utf-8', String(Buffer.byteLength(body)), expect.stringMatching(/^1\./)]);
  }
};

test('while their host is live, VMs have the health on record, and creates wait for another host', async () => {
  await vi.waitFor(
    async () => {
      const live = heartbeat(HOST);
      await beat(plane.connection, live);
      await expectPages([live]);
      const { [PATHS.vms]: vms, [PATHS.operations]: operations } = Object.fromEntries(pagesOf([live]));
      expect(vms).toContain('"health":"responsive"');
      expect(operations?.match(/"waitingFor":"[^"]*"/g)).toEqual([
        '"waitingFor":"host-1 lacks label zone=b"',
        '"waitingFor":"the create of VM picky: host-1 lacks label zone=b"',
        '"waitingFor":"host-1 lacks label zone=b"',
      ]);
    },
    { timeout: 30_000 },
  );
});

test('when it is silent, their health is unknown, and what was sent to it waits for it', async () => {
  await fallSilent(plane.connection, HOST);
  await vi.waitFor(
    async () => {
      await expectPages([]);
      const { [PATHS.vms]: vms, [PATHS.operations]: operations } = Object.fromEntries(pagesOf([]));
      expect(vms).not.toContain('"health":"responsive"');
      expect(operations).toContain('"waitingFor":"host-1 is silent"');
      expect(Object.fromEntries(pagesOf([]))[`/v1/usage?from=${DAY}&to=${until}`]).toContain(RUNS);
    },
    { timeout: 30_000 },
  );
});

test('HEAD has the headers of GET and no body', async () => {
  const { status, headers, body } = await plane.call('HEAD', '/v1/usage?by=tenant');
  expect([status, headers.get('content-type'), body]).toEqual([200, 'application/json; charset=utf-8', { text: '' }]);
});

test('what is not of the schema of the answer is an internal error, and is not answered', async () => {
  change("UPDATE vms SET body = json_set(body, '$.epoch', 'many')");
  expect(await plane.call('GET', '/v1/vms')).toMatchObject({ status: 500, body: { code: 'internal' } });
});
