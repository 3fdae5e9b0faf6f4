import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startPlane, type TestPlane } from '../../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane?.stop());

describe('tenants and roles', () => {
  test('another tenant gets the same 404 as for an unknown id on every route of a VM and an operation', async () => {
    const { body } = await plane.create({ id: 'private' }, { prefer: 'wait=10' });
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
      const answer = await plane.call(method, path, { as: 'foreign' });
      expect(answer.status, path).toBe(404);
      const none = await plane.call(method, path.replace('private', 'nothing').replace(String(body.id), 'cmd-nothing'));
      expect(answer.body.code, path).toBe(none.body.code);
    }
    const stream = await plane.call('GET', '/v1/events?follow=false', { as: 'foreign' });
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
    expect((await plane.call(method, path, { as, ...(method === 'POST' && { body: {} }) })).status).toBe(status);
  });
});
