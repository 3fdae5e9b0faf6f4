import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGateway, TOKENS } from './fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from './fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane?.stop());

describe('a VM by HTTP', () => {
  test('is accepted with its operation, and can be booted at once, whatever the read model has', async () => {
    const created = await plane.create({ id: 'quick' });
    expect(created).toMatchObject({ status: 202, body: { vmId: 'quick', status: 'pending', verb: 'create' } });
    expect(created.headers.get('location')).toBe(`/v1/operations/${created.body.id}`);
    const booted = await plane.call('POST', '/v1/vms/quick/boot', { headers: { prefer: 'wait=10' } });
    expect(booted).toMatchObject({ status: 200, body: { verb: 'boot', status: 'succeeded' } });
    expect(booted.headers.get('preference-applied')).toBe('wait=10');
    const position = booted.headers.get('ironlog-position') ?? '';
    const vm = await plane.call('GET', '/v1/vms/quick', { headers: { 'ironlog-position': position } });
    expect(vm).toMatchObject({ status: 200, body: { state: 'running', host: 'host-1' } });
    expect(vm.headers.get('etag')).toBe(`"${vm.body.revision}"`);
  });

  test('created with start is running at the end of the wait', async () => {
    const started = await plane.create({ start: true }, { prefer: 'wait=10' });
    expect(started).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    const console_ = await plane.call('GET', `/v1/vms/${started.body.vmId}/console`);
    expect(console_.body).toEqual({ base64: Buffer.from('hello').toString('base64'), sizeBytes: 5 });
    const asText = await plane.call('GET', `/v1/vms/${started.body.vmId}/console`, {
      headers: { accept: 'text/plain' },
    });
    expect(asText.headers.get('content-type')).toContain('text/plain');
    expect(asText.body).toEqual({ text: 'hello' });
  });

  test('in the wrong state rejects: 409 with the state and the allowed verbs', async () => {
    await plane.create({ id: 'still' }, { prefer: 'wait=10' });
    const answer = await plane.call('POST', '/v1/vms/still/pause', { headers: { prefer: 'wait=10' } });
    expect(answer).toMatchObject({ status: 409, body: { code: 'illegal-state', currentState: 'created' } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.allowedActions).toContain('boot');
  });

  test('with another If-Match revision is a 412', async () => {
    await plane.create({ id: 'matched' }, { prefer: 'wait=10' });
    const answer = await plane.call('POST', '/v1/vms/matched/boot', {
      headers: { 'if-match': '"77"', prefer: 'wait=10' },
    });
    expect(answer).toMatchObject({ status: 412, body: { code: 'revision-mismatch' } });
  });

  test('of an image that no host has is refused', async () => {
    expect(await plane.create({ spec: { image: 'nowhere' } })).toMatchObject({
      status: 409,
      body: { code: 'image-not-found' },
    });
  });
});

test('the gateway stops at once with streams and waits open, and the documentation needs no token', async () => {
  const own = await startGateway(plane.nats);
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
