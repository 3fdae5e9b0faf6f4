import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane?.stop());

describe('the same key', () => {
  const asked = async (path: string, key: string, more: { body?: unknown; headers?: Record<string, string> } = {}) =>
    plane.call('POST', path, { ...more, headers: { 'idempotency-key': key, ...more.headers } });

  test('with another expected revision is a 422, and with the same one the same operation', async () => {
    await plane.call('POST', '/v1/vms', { body: { id: 'keyed' }, headers: { prefer: 'wait=10' } });
    const first = await asked('/v1/vms/keyed/boot', 'matched', { headers: { 'if-match': '"2"' } });
    expect((await asked('/v1/vms/keyed/boot', 'matched', { headers: { 'if-match': '"2"' } })).body.id).toBe(
      first.body.id,
    );
    for (const headers of [{ 'if-match': '"3"' }, {}])
      expect(await asked('/v1/vms/keyed/boot', 'matched', { headers })).toMatchObject({
        status: 422,
        body: { code: 'idempotency-mismatch' },
      });
  });

  test('with an explicit default is a 422: requests are compared as sent', async () => {
    const first = await asked('/v1/vms', 'defaults', { body: {} });
    expect((await asked('/v1/vms', 'defaults')).body.id).toBe(first.body.id);
    for (const body of [{ start: false }, { spec: {} }])
      expect(await asked('/v1/vms', 'defaults', { body })).toMatchObject({ status: 422 });
    const deleted = (query: string) =>
      plane.call('DELETE', `/v1/vms/keyed${query}`, { headers: { 'idempotency-key': 'delete' } });
    const { body } = await deleted('');
    expect((await deleted('')).body.id).toBe(body.id);
    expect(await deleted('?force=false')).toMatchObject({ status: 422 });
  });
});
