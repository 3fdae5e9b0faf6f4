import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createMetrics } from '../telemetry/metrics.ts';
import { createHealth } from './health.ts';
import { type OpsServer, startOpsServer } from './ops-server.ts';

let server: OpsServer | undefined;
afterEach(async () => server?.close());

const start = async () => {
  const health = createHealth({ timeoutMs: 20 });
  const metrics = createMetrics({ service: 'projector' });
  server = await startOpsServer({ port: 0, health, metrics });
  return { health, metrics, url: server.url };
};

test('a live service answers /healthz whatever the results of its checks', async () => {
  const { health, url } = await start();
  health.set('nats', { ok: false, reason: 'down' });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('/readyz is 200 when all checks pass, else 503 with the reason of each', async () => {
  const { health, url } = await start();
  const forget = health.register('sqlite', () => ({ ok: true }));
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  health.set('nats', { ok: false, reason: 'disconnected' });
  health.register('broken', () => {
    throw new Error('disk gone');
  });
  health.register('hung', () => new Promise(() => undefined));
  forget();
  const response = await fetch(`${url}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    ready: false,
    checks: {
      nats: { ok: false, reason: 'disconnected' },
      broken: { ok: false, reason: 'disk gone' },
      hung: { ok: false, reason: 'no answer within 20 ms' },
    },
  });
});

test('a check name can be used once', async () => {
  const { health } = await start();
  health.register('a', () => ({ ok: true }));
  expect(() => health.register('a', () => ({ ok: true }))).toThrow('registered twice');
});

test('/metrics has the Prometheus format', async () => {
  const { metrics, url } = await start();
  metrics.gauge('ironlog_nats_connected').set(1);
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain');
  expect(await response.text()).toContain('ironlog_nats_connected{service="projector"} 1');
});

test('other paths and methods are refused, and close does not wait for idle clients', async () => {
  const { url } = await start();
  expect((await fetch(`${url}/etc/passwd`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
  const idle = connect(Number(new URL(url).port), '127.0.0.1');
  const closed = new Promise((resolve) => idle.once('close', resolve));
  await new Promise((resolve) => idle.once('connect', resolve));
  await server?.close();
  await closed;
  await expect(fetch(url)).rejects.toThrow();
});

test('it listens on loopback by default, and a port in use is an error', async () => {
  const { health, metrics, url } = await start();
  expect(new URL(url).hostname).toBe('127.0.0.1');
  const port = Number(new URL(url).port);
  await expect(startOpsServer({ port, health, metrics })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
