import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane?.stop());

describe('idempotency', () => {
  test('fifty concurrent submissions of one key are one command and one operation', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => plane.create({ spec: { name: 'fifty' } }, { 'idempotency-key': 'fifty' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const { id } = answers[0]?.body ?? {};
    await plane.call('GET', `/v1/operations/${id}/wait?timeout=10`);
    expect(plane.handled.filter((command) => command.id === id)).toHaveLength(1);
  });

  test('another body under the key is a 422, also after a restart of the gateway', async () => {
    const key = { 'idempotency-key': 'restart' };
    const first = await plane.create({ spec: { name: 'one' } }, key);
    await plane.call('GET', `/v1/operations/${first.body.id}/wait?timeout=10`);
    expect(await plane.create({ spec: { name: 'two' } }, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency-mismatch' },
    });
    await plane.restart();
    expect((await plane.create({ spec: { name: 'one' } }, key)).body.id).toBe(first.body.id);
    expect(await plane.create({ spec: { name: 'two' } }, key)).toMatchObject({ status: 422 });
  });
});

test("a repeat after startBy gets the command's outcome, and not an expiry", async () => {
  const headers = { 'idempotency-key': 'in-time' };
  const body = { id: 'in-time', startBy: new Date(Date.now() + 1_500).toISOString() };
  const first = await plane.create(body, { ...headers, prefer: 'wait=10' });
  expect(first).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  await vi.waitFor(() => expect(new Date().toISOString() > body.startBy).toBe(true), { timeout: 5_000 });
  expect(await plane.create(body, headers)).toMatchObject({
    status: 202,
    body: { id: first.body.id, status: 'succeeded' },
  });
});
