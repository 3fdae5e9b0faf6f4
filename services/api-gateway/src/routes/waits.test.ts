import { createEventLog } from '@ironlog/event-log';
import { commandIdSchema, rejectionSubject, tenantId, vmId } from '@ironlog/schemas';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';
import { rejectionEvent } from '../ingress/rejection.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
});
afterAll(() => plane?.stop());

describe('waits', () => {
  test('match a state that was passed after `after`, though the VM has another state now', async () => {
    const started = await plane.create({ id: 'passing', start: true }, { prefer: 'wait=10' });
    expect(started.status).toBe(200);
    await plane.call('POST', '/v1/vms/passing/pause', { headers: { prefer: 'wait=10' } });
    const waited = await plane.call('GET', '/v1/vms/passing/wait?state=created&after=0&timeout=10');
    expect(waited.body).toMatchObject({ outcome: 'reached', vm: { state: 'paused' } });
  });

  test('end early when the VM can no longer reach the state', async () => {
    await plane.create({ id: 'doomed' }, { prefer: 'wait=10' });
    const waiting = plane.call('GET', '/v1/vms/doomed/wait?state=running&timeout=20');
    await plane.call('DELETE', '/v1/vms/doomed', { headers: { prefer: 'wait=10' } });
    expect((await waiting).body).toMatchObject({ outcome: 'unreachable', vm: { state: 'deleted' } });
  });

  test('end when the create that they wait for fails', async () => {
    const asked = await plane.create({ id: 'refused', spec: { placement: { hostLabels: { zone: 'nowhere' } } } });
    const startedAt = performance.now();
    const waiting = plane.call('GET', '/v1/vms/refused/wait?state=running&timeout=20');
    await vi.waitFor(async () =>
      expect(String((await plane.call('GET', '/metrics')).body.text)).toMatch(/ironlog_waiters\{[^}]*\} 1/),
    );
    const log = await createEventLog({ connection: plane.connection });
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

  test('a `created` that has passed is unreachable without `after`', async () => {
    await plane.create({ id: 'gone-by', start: true }, { prefer: 'wait=10' });
    expect((await plane.call('GET', '/v1/vms/gone-by/wait?state=created&timeout=20')).body).toMatchObject({
      outcome: 'unreachable',
    });
  });
});
