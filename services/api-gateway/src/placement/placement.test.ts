import { hostEvent } from '@ironlog/domain';
import { createEventLog, createWorkQueue, executorConsumer } from '@ironlog/event-log';
import {
  type HostFact,
  hostEventSubject,
  hostFilter,
  hostId,
  newEventId,
  type WorkCommand,
  workCommandSchema,
} from '@ironlog/schemas';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beat, heartbeat, startExecutor } from '../fixtures/executor.fixture.ts';
import { startGateway } from '../fixtures/gateway.fixture.ts';
import { HOST } from '../fixtures/nats.fixture.ts';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const OTHER = hostId('host-2');
let plane: TestPlane;
beforeEach(async () => {
  plane = await startPlane({ withHost: false });
});
afterEach(async () => {
  await plane?.stop();
});

/** The first command that reaches a host, which takes it and does not run it. */
const firstWorkOf = async (): Promise<WorkCommand> => {
  const queue = await createWorkQueue({ connection: plane.connection });
  const { stream, config } = executorConsumer(HOST);
  const stopping = new AbortController();
  const come = Promise.withResolvers<WorkCommand>();
  const consuming = queue.consume({
    stream,
    durable: config.durable_name,
    maxInFlight: 1,
    signal: stopping.signal,
    onError: (error) => come.reject(error),
    onDelivery: async (delivery) => {
      await delivery.ack();
      come.resolve(workCommandSchema.parse(JSON.parse(new TextDecoder().decode(delivery.bytes))));
    },
  });
  const command = await come.promise;
  stopping.abort();
  await consuming;
  return command;
};

const decline = async (command: WorkCommand): Promise<void> => {
  const log = await createEventLog({ connection: plane.connection });
  const fact: HostFact = {
    name: 'declined',
    data: {
      tenant: command.tenant,
      vmId: command.subject,
      commandId: command.id,
      verb: 'create',
      round: command.data.round,
      reason: 'full by now',
    },
  };
  const event = hostEvent(HOST, fact, { id: newEventId(), time: new Date().toISOString(), writer: HOST });
  await log.append({ subject: hostEventSubject(HOST, HOST, 'declined'), event, filter: hostFilter(HOST), expected: 0 });
};

test('a create that its host declines is placed again in the next round, also by a gateway that was down meanwhile', async () => {
  await beat(plane.connection, heartbeat(HOST));
  await vi.waitFor(async () => expect((await plane.call('GET', '/v1/images')).body.items).toHaveLength(1));
  const accepted = await plane.call('POST', '/v1/vms', { body: { id: 'declined' } });
  const command = await firstWorkOf();
  await plane.gateway.stop();
  await decline(command);
  await beat(plane.connection, heartbeat(HOST, { status: 'draining' }));
  const other = await startExecutor(plane.connection, OTHER);
  await plane.restart();
  const ended = await plane.call('GET', `/v1/operations/${accepted.body.id}/wait?timeout=20`);
  expect(ended.body).toMatchObject({ status: 'succeeded' });
  expect(other.handled[0]).toMatchObject({ id: command.id, data: { round: expect.any(Number) } });
  expect(other.handled[0]?.data.round).toBeGreaterThan(0);
  expect((await plane.call('GET', '/v1/vms/declined')).body).toMatchObject({ host: 'host-2' });
  await other.stop();
});

test('creates waiting at a gateway that stops are placed by another', async () => {
  const ids = ['one', 'two', 'three'];
  for (const id of ids) await plane.create({ id });
  const second = await startGateway(plane.nats);
  try {
    await plane.gateway.stop();
    const executor = await startExecutor(plane.connection, HOST);
    for (const id of ids)
      await vi.waitFor(
        async () => expect((await second.call('GET', `/v1/vms/${id}`)).body).toMatchObject({ state: 'created' }),
        { timeout: 10_000 },
      );
    await executor.stop();
  } finally {
    await second.stop();
  }
});

test("a pending VM can be read at once with its answer's position, and creates beyond the limit are refused", async () => {
  await plane.restart({ IRONLOG_MAX_WAITING_CREATES: '2' });
  const asked = await plane.call('POST', '/v1/vms', { body: { id: 'asked' } });
  const position = { 'ironlog-position': asked.headers.get('ironlog-position') ?? '' };
  expect((await plane.call('GET', '/v1/vms/asked', { headers: position })).body).toMatchObject({
    state: 'pending',
    host: null,
  });
  expect((await plane.call('GET', '/v1/operations?status=pending', { headers: position })).body.items).toMatchObject([
    { id: asked.body.id },
  ]);
  expect((await plane.call('GET', `/v1/operations/${asked.body.id}`)).body).toMatchObject({
    waitingFor: 'no host is alive',
  });
  expect((await plane.call('POST', '/v1/vms', { body: {} })).status).toBe(202);
  expect(await plane.call('POST', '/v1/vms', { body: {} })).toMatchObject({
    status: 429,
    body: { code: 'too-many-waiting' },
  });
  expect((await plane.call('DELETE', '/v1/vms/asked')).status).toBe(202);
  await vi.waitFor(async () => expect((await plane.call('POST', '/v1/vms', { body: {} })).status).toBe(202), {
    timeout: 10_000,
  });
});

test('the accepting gateway has room again when creates are placed, by any gateway', async () => {
  const cap = { IRONLOG_MAX_WAITING_CREATES: '6' };
  await plane.restart(cap);
  const second = await startGateway(plane.nats, cap);
  const create = (zone: string) => plane.create({ spec: { placement: { hostLabels: { zone } } } });
  try {
    const asked = await Promise.all(Array.from({ length: 6 }, () => create('b')));
    expect((await create('b')).status).toBe(429);
    const executor = await startExecutor(plane.connection, HOST);
    await beat(plane.connection, heartbeat(HOST, { labels: { zone: 'b' } }));
    for (const { body } of asked)
      expect((await plane.call('GET', `/v1/operations/${body.id}/wait?timeout=10`)).body.status).toBe('succeeded');
    const again = await Promise.all(Array.from({ length: 6 }, () => create('nowhere')));
    expect(again.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 202]);
    await executor.stop();
  } finally {
    await second.stop();
  }
});

test('with the read model behind, a new pending VM is still found, and a read with its position gets a 503', async () => {
  await plane.gateway.stopProjector();
  const asked = await plane.call('POST', '/v1/vms', { body: { id: 'fresh' } });
  expect(await plane.call('POST', '/v1/vms/fresh/boot')).toMatchObject({ status: 202 });
  const headers = { 'ironlog-position': asked.headers.get('ironlog-position') ?? '' };
  expect(await plane.call('GET', '/v1/vms/fresh', { headers })).toMatchObject({
    status: 503,
    body: { code: 'read-model-behind', retryable: true },
  });
});
