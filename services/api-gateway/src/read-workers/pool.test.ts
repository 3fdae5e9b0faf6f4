// Read workers with real threads over real files, in which one tenant's list takes seconds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Db, nextFile, publish } from '@ironlog/read-model';
import { type TenantId, tenantId } from '@ironlog/schemas';
import { createLogger, createMetrics } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withLongAttention } from './long-query.fixture.ts';
import { createPool, type Pool, type PoolOptions } from './pool.ts';
import type { Question } from './question.ts';

const slow = tenantId('slow');
const other = tenantId('other');
const START = { events: 0, work: 0 };
const stays = new AbortController().signal;

let directory: string;
let db: Db;
const undo: (() => Promise<void> | void)[] = [];
const newGeneration = (rows?: number): Db => {
  const file = nextFile(directory, 'state');
  const made = withLongAttention(file, slow, rows);
  undo.push(() => void made.close());
  publish(directory, 'state', file);
  return made;
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ironlog-read-workers-'));
  undo.push(() => rmSync(directory, { recursive: true }));
  db = newGeneration();
});
afterEach(async () => {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
});

const metrics = () => createMetrics({ service: 'test' });
const start = (more: Partial<PoolOptions> = {}): Pool => {
  const pool = createPool({
    script: new URL('./worker.fixture.ts', import.meta.url),
    directory,
    threads: 2,
    capacity: 10,
    perParty: 10,
    deadlineMs: 60_000,
    metrics: metrics(),
    logger: createLogger({ service: 'test', level: 'fatal' }),
    ...more,
  });
  undo.push(() => pool.stop());
  return pool;
};
const attention = (tenant: TenantId): Question => ({
  name: 'attention',
  args: [tenant, { hosts: false }],
  atLeast: START,
});
const ask = (pool: Pool, tenant: TenantId, signal: AbortSignal = stays) =>
  pool.ask(attention(tenant), { party: tenant, signal });
/** How the query ended, for tests that ignore the answer. */
const endOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'answered',
    (error: { reason?: string }) => error.reason ?? String(error),
  );
/** Resolves when a long query reads the file: a checkpoint is then blocked. */
const isRead = async (file: Db): Promise<void> => {
  file.pragma('busy_timeout = 100');
  for (let busy = 0; busy === 0; await setImmediate()) {
    file.prepare("INSERT INTO quarantined SELECT 'WORK', count(*), 'none', '', '', 0, '' FROM quarantined").run();
    busy = (file.pragma('wal_checkpoint(RESTART)') as { busy: number }[])[0]?.busy ?? 0;
  }
};
const EMPTY = { kind: 'answer', value: [] };

test("a tenant's long queries, however many, leave a worker to the others", async () => {
  const pool = start();
  // Starts both threads.
  await Promise.all([ask(pool, other), ask(pool, tenantId('third'))]);
  const answered: string[] = [];
  const long = [1, 2, 3].map(() => ask(pool, slow).then(() => answered.push('slow')));
  await ask(pool, other).then(() => answered.push('other'));
  await ask(pool, other).then(() => answered.push('other'));
  expect(answered).toEqual(['other', 'other']);
  await Promise.all(long);
});

test('a full share and a full queue refuse at once, with the reason', async () => {
  const pool = start({ threads: 1, capacity: 2, perParty: 1 });
  const running = ask(pool, slow);
  const queued = ask(pool, slow);
  expect(await endOf(ask(pool, slow))).toBe('tenant-share');
  const last = ask(pool, other);
  expect(await endOf(ask(pool, tenantId('third')))).toBe('queue-full');
  expect(await Promise.all([running, queued, last])).toEqual([EMPTY, EMPTY, EMPTY]);
});

test('the query of a worker that dies is refused, and another worker answers the next', async () => {
  const counted = metrics();
  const pool = start({ threads: 1, metrics: counted });
  const deadly: Question = { name: 'attention', args: ['deadly'], atLeast: START };
  expect(await endOf(pool.ask(deadly, { party: slow, signal: stays }))).toBe('worker-lost');
  expect(await ask(pool, other)).toEqual(EMPTY);
  expect(await counted.text()).toContain('ironlog_read_workers_lost_total{reason="died",service="test"} 1');
  expect(await counted.text()).toContain('ironlog_reads_refused_total{reason="worker-lost",service="test"} 1');
});

test('a query past its deadline is refused, and another worker answers while it still runs', async () => {
  const counted = metrics();
  const long = newGeneration(10_000);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  undo.push(() => void vi.useRealTimers());
  const pool = start({ threads: 1, deadlineMs: 60_000, metrics: counted });
  const end = endOf(ask(pool, slow));
  await isRead(long);
  vi.advanceTimersByTime(60_000);
  expect(await end).toBe('deadline');
  expect(await ask(pool, other)).toEqual(EMPTY);
  vi.useRealTimers();
  const text = await counted.text();
  expect(text).toContain('ironlog_read_workers{state="abandoned",service="test"} 1');
  expect(text).toContain('ironlog_read_workers_lost_total{reason="deadline",service="test"} 1');
});

test('an aborted query is removed from the queue', async () => {
  const pool = start({ threads: 1, capacity: 1 });
  const running = ask(pool, slow);
  const leaving = new AbortController();
  const queued = endOf(ask(pool, other, leaving.signal));
  leaving.abort();
  expect(await queued).toBe('gone');
  expect(await Promise.all([running, ask(pool, other)])).toEqual([EMPTY, EMPTY]);
});

const quarantine = (file: Db, reason: string): void => {
  file.prepare("INSERT INTO quarantined VALUES ('EVENTS', 1, 'other', 'x', ?, 1, '')").run(reason);
};
const reasonsIn = (reply: unknown): string => JSON.stringify(reply);

test('a worker answers from the current generation', async () => {
  const pool = start({ threads: 1 });
  quarantine(db, 'of the first');
  expect(reasonsIn(await ask(pool, other))).toContain('of the first');
  quarantine(newGeneration(), 'of the second');
  expect(reasonsIn(await ask(pool, other))).toContain('of the second');
});

test('a stop refuses running, queued and later queries', async () => {
  const pool = start({ threads: 1 });
  const ends = [endOf(ask(pool, slow)), endOf(ask(pool, other))];
  await pool.stop();
  expect(await Promise.all(ends)).toEqual(['stopping', 'stopping']);
  expect(await endOf(ask(pool, other))).toBe('stopping');
});
