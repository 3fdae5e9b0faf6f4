// The gateway's dependencies fail while it runs: readiness and metrics show it.
import { gatewayConsumers } from '@ironlog/event-log';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startPlane, type TestPlane } from './fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane({ withHost: false });
});
afterAll(async () => {
  await plane?.stop();
});

const ready = () => plane.call('GET', '/readyz', { as: 'nobody' });
const within = { timeout: 15_000, interval: 50 };

test.each(Object.values(gatewayConsumers))(
  'without its durable consumer $config.durable_name it is not ready, until it is provisioned again',
  async ({ stream, config }) => {
    const name = config.durable_name;
    await vi.waitFor(async () => expect((await ready()).status).toBe(200), within);
    const manager = await jetstreamManager(plane.connection);
    await manager.consumers.delete(stream, name);
    await vi.waitFor(async () => expect((await ready()).status).toBe(503), within);
    expect((await ready()).body).toMatchObject({
      checks: { [name]: { ok: false, reason: expect.stringContaining(stream) } },
    });
    expect(String((await plane.call('GET', '/metrics')).body.text)).toMatch(
      new RegExp(`ironlog_consumer_found\\{[^}]*${name}[^}]*\\} 0`),
    );
    // Requests that need no consumer are still answered.
    expect((await plane.call('GET', '/v1/vms')).status).toBe(200);
    await manager.consumers.add(stream, config);
    await vi.waitFor(async () => expect((await ready()).status).toBe(200), within);
  },
);

test('with no live host it is ready, and a metric shows it', async () => {
  await vi.waitFor(
    async () => expect((await ready()).body).toMatchObject({ checks: { heartbeats: { ok: true } } }),
    within,
  );
  expect((await ready()).status).toBe(200);
  expect(String((await plane.call('GET', '/metrics')).body.text)).toMatch(/ironlog_hosts_live\{[^}]*\} 0/);
});
