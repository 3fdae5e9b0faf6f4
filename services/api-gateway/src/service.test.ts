import { createEventLog } from '@ironlog/event-log';
import { commandIdSchema, hostId, rejectionSubject, tenantId, vmId } from '@ironlog/schemas';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { rejectionEvent } from './door/rejection.ts';
import { beat, heartbeat, type PaperExecutor, startExecutor } from './fixtures/executor.fixture.ts';
import { startGateway, type TestGateway, TOKENS } from './fixtures/gateway.fixture.ts';
import { HOST, startNats, type TestNats } from './fixtures/nats.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let nats: TestNats;
let connection: NatsConnection;
let executor: PaperExecutor;
let gateway: TestGateway;
beforeAll(async () => {
  nats = await startNats();
  connection = await nats.connect();
  executor = await startExecutor(connection, HOST);
  gateway = await startGateway(nats);
  await vi.waitFor(async () => expect((await gateway.call('GET', '/v1/images')).body.items).toHaveLength(1));
});
afterAll(async () => {
  await gateway?.stop();
  await executor?.stop();
  await connection?.close();
  await nats?.stop();
});

const create = (body: object = {}, headers: Record<string, string> = {}) =>
  gateway.call('POST', '/v1/vms', { body, headers });

describe('a VM by HTTP', () => {
  test('is accepted with its operation, and can be booted at once, whatever the read model knows', async () => {
    const created = await create({ id: 'quick' });
    expect(created).toMatchObject({ status: 202, body: { vmId: 'quick', status: 'pending', verb: 'create' } });
    expect(created.headers.get('location')).toBe(`/v1/operations/${created.body.id}`);
    const booted = await gateway.call('POST', '/v1/vms/quick/boot', { headers: { prefer: 'wait=10' } });
    expect(booted).toMatchObject({ status: 200, body: { verb: 'boot', status: 'succeeded' } });
    expect(booted.headers.get('preference-applied')).toBe('wait=10');
    const position = booted.headers.get('ironlog-position') ?? '';
    const vm = await gateway.call('GET', '/v1/vms/quick', { headers: { 'ironlog-position': position } });
    expect(vm).toMatchObject({ status: 200, body: { state: 'running', host: 'host-1' } });
    expect(vm.headers.get('etag')).toBe(`"${vm.body.revision}"`);
  });

  test('created with start is running when the wait ends', async () => {
    const started = await create({ start: true }, { prefer: 'wait=10' });
    expect(started).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    const console_ = await gateway.call('GET', `/v1/vms/${started.body.vmId}/console`);
    expect(console_.body).toEqual({ base64: Buffer.from('hello').toString('base64'), sizeBytes: 5 });
    const asText = await gateway.call('GET', `/v1/vms/${started.body.vmId}/console`, {
      headers: { accept: 'text/plain' },
    });
    expect(asText.headers.get('content-type')).toContain('text/plain');
    expect(asText.body).toEqual({ text: 'hello' });
  });

  test('in the wrong state rejects: 409 with the state and what is allowed', async () => {
    await create({ id: 'still' }, { prefer: 'wait=10' });
    const answer = await gateway.call('POST', '/v1/vms/still/pause', { headers: { prefer: 'wait=10' } });
    expect(answer).toMatchObject({ status: 409, body: { code: 'illegal-state', currentState: 'created' } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.allowedActions).toContain('boot');
  });

  test('at another revision than If-Match says is a 412', async () => {
    await create({ id: 'matched' }, { prefer: 'wait=10' });
    const answer = await gateway.call('POST', '/v1/vms/matched/boot', {
      headers: { 'if-match': '"77"', prefer: 'wait=10' },
    });
    expect(answer).toMatchObject({ status: 412, body: { code: 'revision-mismatch' } });
  });

  test('of an image that no host has is refused', async () => {
    expect(await create({ spec: { image: 'nowhere' } })).toMatchObject({
      status: 409,
      body: { code: 'image-not-found' },
    });
  });
});

describe('idempotency', () => {
  test('fifty submits of one key at once are one command and one operation', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => create({ spec: { name: 'fifty' } }, { 'idempotency-key': 'fifty' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const { id } = answers[0]?.body ?? {};
    await gateway.call('GET', `/v1/operations/${id}/wait?timeout=10`);
    expect(executor.handled.filter((command) => command.id === id)).toHaveLength(1);
  });

  test('another body under the key is a 422, also after a restart of the gateway', async () => {
    const key = { 'idempotency-key': 'restart' };
    const first = await create({ spec: { name: 'one' } }, key);
    await gateway.call('GET', `/v1/operations/${first.body.id}/wait?timeout=10`);
    expect(await create({ spec: { name: 'two' } }, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency-mismatch' },
    });
    await gateway.stop();
    gateway = await startGateway(nats);
    expect((await create({ spec: { name: 'one' } }, key)).body.id).toBe(first.body.id);
    expect(await create({ spec: { name: 'two' } }, key)).toMatchObject({ status: 422 });
  });
});

test('a repeat after startBy is told what became of the command, and not that it has expired', async () => {
  const headers = { 'idempotency-key': 'in-time' };
  const body = { id: 'in-time', startBy: new Date(Date.now() + 1_500).toISOString() };
  const first = await create(body, { ...headers, prefer: 'wait=10' });
  expect(first).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  await vi.waitFor(() => expect(new Date().toISOString() > body.startBy).toBe(true), { timeout: 5_000 });
  expect(await create(body, headers)).toMatchObject({ status: 202, body: { id: first.body.id, status: 'succeeded' } });
});

describe('tenants and roles', () => {
  test('another tenant gets 404 on every route of a VM and an operation, in the same words as for none', async () => {
    const { body } = await create({ id: 'private' }, { prefer: 'wait=10' });
    const calls = [
      ['GET', '/v1/vms/private'],
      ['DELETE', '/v1/vms/private'],
      ['POST', '/v1/vms/private/boot'],
      ['GET', '/v1/vms/private/events'],
      ['GET', '/v1/vms/private/console'],
      ['GET', '/v1/vms/private/wait?state=running'],
      ['GET', `/v1/operations/${body.id}`],
      ['GET', `/v1/operations/${body.id}/wait`],
    ] as const;
    for (const [method, path] of calls) {
      const answer = await gateway.call(method, path, { as: 'stranger' });
      expect(answer.status, path).toBe(404);
      const none = await gateway.call(
        method,
        path.replace('private', 'nothing').replace(String(body.id), 'cmd-nothing'),
      );
      expect(answer.body.code, path).toBe(none.body.code);
    }
    const stream = await gateway.call('GET', '/v1/events?follow=false', { as: 'stranger' });
    expect(JSON.stringify(stream.body)).not.toContain('private');
  });

  test.each([
    ['nobody', 'GET', '/v1/vms', 401],
    ['viewer', 'GET', '/v1/vms', 200],
    ['viewer', 'POST', '/v1/vms', 403],
    ['auditor', 'POST', '/v1/vms', 403],
    ['operator', 'GET', '/v1/hosts', 403],
    ['admin', 'GET', '/v1/hosts', 200],
    ['nobody', 'GET', '/healthz', 200],
    ['nobody', 'GET', '/openapi.json', 200],
  ] as const)('%s %s %s -> %i', async (as, method, path, status) => {
    expect((await gateway.call(method, path, { as, ...(method === 'POST' && { body: {} }) })).status).toBe(status);
  });
});

describe('waits', () => {
  test('match a state that was passed since `after`, though the VM has moved on', async () => {
    const started = await create({ id: 'passing', start: true }, { prefer: 'wait=10' });
    expect(started.status).toBe(200);
    await gateway.call('POST', '/v1/vms/passing/pause', { headers: { prefer: 'wait=10' } });
    const waited = await gateway.call('GET', '/v1/vms/passing/wait?state=created&after=0&timeout=10');
    expect(waited.body).toMatchObject({ outcome: 'reached', vm: { state: 'paused' } });
  });

  test('end early when the VM can no longer get there', async () => {
    await create({ id: 'doomed' }, { prefer: 'wait=10' });
    const waiting = gateway.call('GET', '/v1/vms/doomed/wait?state=running&timeout=20');
    await gateway.call('DELETE', '/v1/vms/doomed', { headers: { prefer: 'wait=10' } });
    expect((await waiting).body).toMatchObject({ outcome: 'unreachable', vm: { state: 'deleted' } });
  });

  test('end when the create that they wait for comes to nothing', async () => {
    const asked = await create({ id: 'refused', spec: { placement: { hostLabels: { zone: 'nowhere' } } } });
    const startedAt = performance.now();
    const waiting = gateway.call('GET', '/v1/vms/refused/wait?state=running&timeout=20');
    await vi.waitFor(async () =>
      expect(String((await gateway.call('GET', '/metrics')).body.text)).toMatch(/ironlog_waiters\{[^}]*\} 1/),
    );
    const log = await createEventLog({ connection });
    const tenant = tenantId('acme');
    const now = new Date().toISOString();
    await log.appendRejection(
      rejectionSubject(tenant, 'gateway'),
      rejectionEvent({
        tenant,
        vmId: vmId('refused'),
        verb: 'create',
        commandId: commandIdSchema.parse(asked.body.id),
        requestedAt: now,
        startBy: now,
        now,
        rejection: { code: 'over-capacity', reason: 'no host will ever have room' },
      }),
    );
    expect(await waiting).toMatchObject({ status: 404, body: { code: 'vm-not-found' } });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('a `created` that has gone by is unreachable without `after`', async () => {
    await create({ id: 'gone-by', start: true }, { prefer: 'wait=10' });
    expect((await gateway.call('GET', '/v1/vms/gone-by/wait?state=created&timeout=20')).body).toMatchObject({
      outcome: 'unreachable',
    });
  });
});

describe('the stream of events', () => {
  test('SSE begins with history, goes on with the tail, and resumes after Last-Event-ID without a gap or a repeat', async () => {
    await create({ id: 'streamed' }, { prefer: 'wait=10' });
    const read = async (headers: Record<string, string>, count: number): Promise<number[]> => {
      const response = await fetch(`${gateway.url}/v1/events?vmId=streamed`, {
        headers: { authorization: `Bearer ${TOKENS.operator}`, accept: 'text/event-stream', ...headers },
      });
      const reader = response.body?.getReader();
      let text = '';
      for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
        text += Buffer.from(part.value).toString();
        const ids = [...text.matchAll(/^id: (\d+)\nevent/gm)].map((match) => Number(match[1]));
        if (ids.length < count) continue;
        await reader?.cancel();
        return ids;
      }
      throw new Error('the stream has ended');
    };
    const [first, second] = await read({}, 2);
    const resumed = read({ 'last-event-id': String(first) }, 3);
    await gateway.call('POST', '/v1/vms/streamed/boot', { headers: { prefer: 'wait=10' } });
    const ids = await resumed;
    expect(ids[0]).toBe(second);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  });

  test('refuses a cursor beyond the end', async () => {
    expect(await gateway.call('GET', '/v1/events?after=999999')).toMatchObject({ status: 400 });
    expect(await gateway.call('GET', '/v1/events', { headers: { 'last-event-id': 'x' } })).toMatchObject({
      status: 400,
    });
    expect(await gateway.call('GET', '/v1/events', { headers: { accept: 'image/png' } })).toMatchObject({
      status: 406,
    });
  });
});

describe('placement', () => {
  test('a create that fits nowhere waits with its reason, and is placed when a host has room', async () => {
    const waiting = await create({ id: 'big', spec: { cpus: 200, placement: { hostLabels: { zone: 'b' } } } });
    expect(waiting.status).toBe(202);
    const seen = await gateway.call('GET', `/v1/operations/${waiting.body.id}`);
    expect(seen.body).toMatchObject({ status: 'pending', waitingFor: 'host-1 lacks label zone=b' });
    const second = await startExecutor(connection, hostId('host-2'));
    await beat(connection, heartbeat(hostId('host-2'), { labels: { zone: 'b' } }));
    const placed = await gateway.call('GET', `/v1/operations/${waiting.body.id}/wait?timeout=20`);
    expect(placed.body).toMatchObject({ status: 'succeeded' });
    expect(second.handled.map(({ data }) => data.round)).toEqual([1]);
    await second.stop();
    await beat(connection, heartbeat(hostId('host-2'), { status: 'draining' }));
  });
});

test('the gateway stops at once with streams and waits open, and the documentation needs no token', async () => {
  const own = await startGateway(nats);
  const docs = await fetch(`${own.url}/docs/`);
  expect(docs.status).toBe(200);
  expect(docs.headers.get('content-security-policy')).toContain("default-src 'self'");
  await own.call('POST', '/v1/vms', { body: { id: 'held' }, headers: { prefer: 'wait=10' } });
  const held = Promise.allSettled([
    fetch(`${own.url}/v1/events`, { headers: { authorization: `Bearer ${TOKENS.operator}` } }).then((response) =>
      response.text(),
    ),
    own.call('GET', '/v1/vms/held/wait?state=running&timeout=60'),
  ]);
  await vi.waitFor(async () =>
    expect(String((await own.call('GET', '/metrics')).body.text)).toMatch(/ironlog_waiters\{[^}]*\} 1/),
  );
  await own.stop();
  expect((await held).map(({ status }) => status)).toContain('rejected');
});

test('what needs a NATS that is silent is a 503 within seconds, says so, and may be tried again', async () => {
  await create({ id: 'unclaimed', spec: { placement: { hostLabels: { zone: 'nowhere' } } } });
  await nats.pause();
  const pausedAt = performance.now();
  try {
    const [streamed, deleted] = await Promise.all([
      gateway.call('GET', '/v1/events'),
      gateway.call('DELETE', '/v1/vms/unclaimed'),
    ]);
    expect(streamed).toMatchObject({ status: 503, body: { code: 'log-unavailable', retryable: true } });
    expect(deleted).toMatchObject({ status: 503, body: { code: 'not-durable', retryable: true } });
    expect(performance.now() - pausedAt).toBeLessThan(8_000);
  } finally {
    nats.resume();
  }
  await vi.waitFor(async () => expect((await gateway.call('DELETE', '/v1/vms/unclaimed')).status).toBe(202), {
    timeout: 20_000,
  });
});

test('a command that NATS does not acknowledge is a 503, and the same key later is the same command', async () => {
  await create({ id: 'steady' }, { prefer: 'wait=10' });
  await nats.pause();
  const key = { 'idempotency-key': 'unsure' };
  try {
    const unsure = await gateway.call('POST', '/v1/vms/steady/boot', { headers: key });
    expect(unsure).toMatchObject({ status: 503, body: { code: 'not-durable', retryable: true } });
  } finally {
    nats.resume();
  }
  const again = await vi.waitFor(
    async () => {
      const answer = await gateway.call('POST', '/v1/vms/steady/boot', { headers: { ...key, prefer: 'wait=10' } });
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return answer;
    },
    { timeout: 20_000 },
  );
  expect(executor.handled.filter(({ id }) => id === again.body.id)).toHaveLength(1);
  const log = await createEventLog({ connection });
  expect((await log.info()).lastSequence).toBeGreaterThan(0);
});
