import type { Heartbeat } from '@ironlog/schemas';
import { createHealth, createLogger, createMetrics } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { heartbeat } from '../fixtures/executor.fixture.ts';
import { HOST } from '../fixtures/nats.fixture.ts';
import { createHostsHealth } from './hosts-health.ts';

/** A gateway whose watch can be cut off from the bucket while a host sends heartbeats. */
const world = () => {
  const health = createHealth();
  const metrics = createMetrics({ service: 'test' });
  const lines: string[] = [];
  const logger = createLogger({
    service: 'test',
    level: 'info',
    to: { write: (line: string) => void lines.push(JSON.parse(line).msg) },
  });
  const listeners: (() => void)[] = [];
  let live: Heartbeat[] = [];
  let sent = 0;
  let isReadable = true;
  const runCheck = createHostsHealth({
    hosts: { live: () => live, onChange: (notify) => void listeners.push(notify) },
    lastSent: async () => {
      if (!isReadable) throw new Error('NATS does not answer');
      return sent;
    },
    health,
    metrics,
    logger,
  });
  return {
    runCheck,
    lines,
    beat: ({ received }: { received: boolean }) => {
      sent += 1;
      if (!received) return;
      live = [heartbeat(HOST)];
      for (const notify of listeners) notify();
    },
    silence: () => {
      live = [];
    },
    cutOff: () => {
      isReadable = false;
    },
    check: async () => (await health.report()).checks.heartbeats,
    gauge: async () => /ironlog_hosts_live\{[^}]*\} (\d+)/.exec(await metrics.text())?.[1],
  };
};

test('live hosts are counted, and the check passes', async () => {
  const { beat, runCheck, check, gauge } = world();
  beat({ received: true });
  await runCheck();
  expect(await check()).toEqual({ ok: true });
  expect(await gauge()).toBe('1');
});

test('without a live host it stays ready and serves reads: a gauge, and one warning', async () => {
  const { beat, silence, runCheck, check, gauge, lines } = world();
  beat({ received: true });
  await runCheck();
  silence();
  for (let n = 0; n < 4; n += 1) await runCheck();
  expect(await check()).toEqual({ ok: true });
  expect(await gauge()).toBe('0');
  expect(lines).toEqual(['no host is alive: creates wait for one']);
});

test('heartbeats that are sent and not received make it not ready, until one is received', async () => {
  const { beat, runCheck, check } = world();
  beat({ received: true });
  await runCheck();
  beat({ received: false });
  await runCheck();
  // One may be in transit.
  expect(await check()).toEqual({ ok: true });
  beat({ received: false });
  await runCheck();
  expect(await check()).toMatchObject({ ok: false });
  beat({ received: true });
  await runCheck();
  expect(await check()).toEqual({ ok: true });
});

test('while the bucket cannot be read, the check does not change', async () => {
  const { beat, cutOff, runCheck, check } = world();
  beat({ received: true });
  await runCheck();
  cutOff();
  for (let n = 0; n < 4; n += 1) await runCheck();
  expect(await check()).toEqual({ ok: true });
});
