import { expect, test, vi } from 'vitest';
import { createHealth } from '../lifecycle/health.ts';
import { createLogger } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createManualClock } from '../time/clock.ts';
import { observeLog } from './event-log-observer.ts';

const observed = () => {
  const lines: string[] = [];
  const runtime = {
    metrics: createMetrics({ service: 'test' }),
    logger: createLogger({ service: 'test', to: { write: (line) => void lines.push(line) } }),
    health: createHealth(),
    clock: createManualClock(new Date('2026-01-01T00:00:00Z')),
    signal: new AbortController().signal,
  };
  return { ...runtime, observe: observeLog(runtime), last: () => JSON.parse(lines.at(-1) ?? 'null') };
};
const cause = new Error('timeout');

test('an append is measured by its outcome, and refused and unknown ones are counted', async () => {
  const { observe, metrics } = observed();
  for (const outcome of ['committed', 'conflict', 'unknown'] as const) observe({ kind: 'append', outcome, ms: 20 });
  const text = await metrics.text();
  expect(text).toMatch(/append_duration_seconds_sum\{[^}]*outcome="committed"[^}]*\} 0.02/);
  expect(text).toMatch(/append_conflicts_total\{[^}]*\} 1/);
  expect(text).toMatch(/append_unknown_total\{[^}]*\} 1/);
});

test.each(['append', 'publish'])('%s that was retried turns readiness red for ten seconds', async (operation) => {
  const { observe, health, clock, last } = observed();
  expect((await health.report()).ready).toBe(true);
  observe({ kind: 'retry', operation, attempt: 3, cause });
  expect(last()).toMatchObject({ level: 'warn', action: operation, attempt: 3, err: { message: 'timeout' } });
  expect((await health.report()).checks).toMatchObject({ jetstream: { ok: false } });
  clock.advance(10_000);
  expect((await health.report()).ready).toBe(true);
});

test('a failed publish keeps readiness red until a probe or a publish is acknowledged, without a time limit', async () => {
  const { observe, health, clock } = observed();
  let isStored = false;
  let probes = 0;
  observe.probeWith(async () => {
    probes += 1;
    if (!isStored) throw cause;
    observe({ kind: 'stored' });
  });
  observe({ kind: 'retry', operation: 'publish', attempt: 1, cause });
  await vi.waitFor(() => expect(probes).toBeGreaterThan(1), 5_000);
  clock.advance(3_600_000);
  expect((await health.report()).ready).toBe(false);
  isStored = true;
  await vi.waitFor(async () => expect((await health.report()).ready).toBe(true), 5_000);

  observe({ kind: 'retry', operation: 'publish', attempt: 1, cause });
  expect((await health.report()).ready).toBe(false);
  observe({ kind: 'stored' });
  expect((await health.report()).ready).toBe(true);
});

test('a read that was retried is logged, and does not affect readiness', async () => {
  const { observe, health, last } = observed();
  observe({ kind: 'retry', operation: 'read', attempt: 1, cause });
  expect(last()).toMatchObject({ action: 'read' });
  expect((await health.report()).ready).toBe(true);
});

test('a hole in the log is logged as an error with its position', () => {
  const { observe, last } = observed();
  observe({ kind: 'hole', after: 4, next: 7 });
  expect(last()).toMatchObject({ level: 'error', expected: 5, actual: 7 });
});
