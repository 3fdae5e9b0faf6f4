// NATS is connected and silent: the answers meanwhile, and their results when NATS answers again.
import { createEventLog } from '@ironlog/event-log';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startPlane, type TestPlane } from './fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane?.stop());

/** The client's retry details do not concern a tenant. */
const OWN_WORDS = expect.stringContaining('(NATS has not answered in time)');

test('a request that needs a silent NATS is a 503 within seconds, with the reason, and may be retried', async () => {
  await plane.create({ id: 'unclaimed', spec: { placement: { hostLabels: { zone: 'nowhere' } } } });
  await plane.nats.pause();
  const pausedAt = performance.now();
  try {
    const [streamed, deleted] = await Promise.all([
      plane.call('GET', '/v1/events'),
      plane.call('DELETE', '/v1/vms/unclaimed'),
    ]);
    expect(streamed).toMatchObject({ status: 503, body: { code: 'log-unavailable', retryable: true } });
    expect(deleted).toMatchObject({ status: 503, body: { code: 'not-durable', retryable: true, detail: OWN_WORDS } });
    expect(performance.now() - pausedAt).toBeLessThan(8_000);
  } finally {
    plane.nats.resume();
  }
  await vi.waitFor(async () => expect((await plane.call('DELETE', '/v1/vms/unclaimed')).status).toBe(202), {
    timeout: 20_000,
  });
});

test('a console request to an unreachable host is a 503 with our own text', async () => {
  await plane.create({ id: 'mute' }, { prefer: 'wait=10' });
  await plane.nats.pause();
  try {
    expect(await plane.call('GET', '/v1/vms/mute/console')).toMatchObject({
      status: 503,
      body: {
        code: 'host-unreachable',
        detail: 'host host-1 does not answer, and only it has the console; try again shortly',
        retryable: true,
      },
    });
  } finally {
    plane.nats.resume();
  }
});

test('a command that NATS does not acknowledge is a 503, and the same key later is the same command', async () => {
  await plane.create({ id: 'steady' }, { prefer: 'wait=10' });
  await plane.nats.pause();
  const key = { 'idempotency-key': 'unsure' };
  try {
    const unsure = await plane.call('POST', '/v1/vms/steady/boot', { headers: key });
    expect(unsure).toMatchObject({ status: 503, body: { code: 'not-durable', retryable: true, detail: OWN_WORDS } });
  } finally {
    plane.nats.resume();
  }
  const again = await vi.waitFor(
    async () => {
      const answer = await plane.call('POST', '/v1/vms/steady/boot', { headers: { ...key, prefer: 'wait=10' } });
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return answer;
    },
    { timeout: 20_000 },
  );
  expect(plane.handled.filter(({ id }) => id === again.body.id)).toHaveLength(1);
  const log = await createEventLog({ connection: plane.connection });
  expect((await log.info()).lastSequence).toBeGreaterThan(0);
});
