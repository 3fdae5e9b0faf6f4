// Lists of a big tenant, and their cost for others: a small tenant's requests alone, and beside eight clients with the slowest list.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tenantId } from '@ironlog/schemas';
import { hashToken, newToken, type TokenEntry, writeTokenFile } from '@ironlog/service-kit';
import { startTestPlane, type TestPlane } from '../../harness/plane.ts';
import { until } from '../../harness/until.ts';
import type { Amounts } from '../options.ts';
import type { Row, Section, Verdict } from '../report.ts';
import { percentile, summarize, timed } from '../stats.ts';
import { buildModel } from './big-model.ts';
import { type Client, openClient } from './client.ts';
import { withLoad } from './with-load.ts';

const TIMES = 3;
const LOOP_DELAY_MS = 20;
const CLIENTS = 8;
const BIG = tenantId('big');
const SMALL_VMS = 200;
const EACH = 20;
/** `nodejs_eventloop_lag_p99_seconds` of an idle loop: the interval of its timer. */
const LOOP_TIMER_MS = 10;

/** First pages; their filters match nothing. */
const LISTS = [
  '/v1/vms?state=lost',
  '/v1/vms?host=host-9',
  '/v1/vms?label.release=none',
  '/v1/vms?q=zzz',
  '/v1/vms?limit=500',
  '/v1/operations?status=succeeded&limit=500',
  '/v1/attention',
] as const;
const FULL_PAGE = '/v1/vms?limit=500';

interface Bench {
  readonly test: TestPlane;
  readonly big: Client;
  readonly bigToken: string;
  readonly small: Client;
}

const expectStatus = async (client: Client, method: 'GET' | 'POST', path: string, wanted: number): Promise<void> => {
  const status = await client.send(method, path);
  if (status !== wanted) throw new Error(`${method} ${path}: ${status}`);
};

/** The gateway's own histogram, which each read resets. */
const loopDelayP99 = async ({ plane }: TestPlane): Promise<number> => {
  const text = await (await fetch(`${plane.http}/metrics`)).text();
  const seconds = /^nodejs_eventloop_lag_p99_seconds\{.*\} (\S+)$/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error('the gateway shows no event loop delay');
  return Math.max(0, Number(seconds) * 1000 - LOOP_TIMER_MS);
};

interface Measured {
  /** Of all requests, in milliseconds. */
  readonly others: readonly number[];
  readonly loopDelayMs: number;
}

/** One read by key, one short list and one command at a time, for the given duration. */
const measureOthers = async ({ test, small }: Bench, seconds: number): Promise<Measured> => {
  await loopDelayP99(test);
  const others: number[] = [];
  const end = performance.now() + seconds * 1000;
  const loop = async (act: (index: number) => Promise<void>): Promise<void> => {
    for (let index = 0; performance.now() < end; index += 1) others.push(await timed(() => act(index)));
  };
  await Promise.all([
    loop((index) => expectStatus(small, 'GET', `/v1/vms/vm-${index % SMALL_VMS}`, 200)),
    loop(() => expectStatus(small, 'GET', '/v1/vms?limit=20', 200)),
    loop((index) => expectStatus(small, 'POST', `/v1/vms/vm-${index % SMALL_VMS}/resume`, 202)),
  ]);
  return { others, loopDelayMs: await loopDelayP99(test) };
};

const listRows = async (client: Client): Promise<readonly (Row & { readonly path: string })[]> => {
  const rows: (Row & { path: string })[] = [];
  for (const path of LISTS) {
    await expectStatus(client, 'GET', path, 200);
    const took: number[] = [];
    for (let index = 0; index < EACH; index += 1) took.push(await timed(() => expectStatus(client, 'GET', path, 200)));
    rows.push({ path, what: path, unit: 'ms', ...summarize(took) });
  }
  return rows;
};

const openBench = async (test: TestPlane): Promise<Bench> => {
  const { plane } = test;
  const bigToken = newToken();
  const entry = (id: string, token: string, tenant: TokenEntry['tenant']): TokenEntry => ({
    id,
    hash: hashToken(token),
    tenant,
    role: 'admin',
    expiresAt: '2999-01-01T00:00:00.000Z',
  });
  writeTokenFile(join(plane.stateDir, 'tokens.json'), [
    entry('dev', plane.token, plane.tenant),
    entry('big', bigToken, BIG),
  ]);
  const big = openClient({ url: plane.http, token: bigToken });
  await until(
    'the token of the big tenant is accepted',
    async () => (await big.send('GET', '/v1/vms?limit=1')) === 200 || undefined,
  );
  return { test, big, bigToken, small: openClient({ url: plane.http, token: plane.token }) };
};

const beside = async (
  bench: Bench,
  { path, alone, seconds }: { readonly path: string; readonly alone: Measured; readonly seconds: number },
): Promise<{ readonly rows: readonly Row[]; readonly verdicts: readonly Verdict[]; readonly note: string }> => {
  const load = { url: bench.test.plane.http, token: bench.bigToken, path, clients: CLIENTS };
  const { result, statuses } = await withLoad(load, () => measureOthers(bench, seconds));
  const times = percentile(result.others, 0.99) / percentile(alone.others, 0.99);
  return {
    rows: [
      { what: `others beside ${CLIENTS} × ${path}`, unit: 'ms', ...summarize(result.others) },
      { what: "  the event loop's delay, p99", unit: 'ms', n: 1, p50: result.loopDelayMs, p99: result.loopDelayMs },
    ],
    verdicts: [
      {
        what: `others' p99 beside ${path} / alone`,
        value: `${times.toFixed(1)} ×`,
        target: `<= ${TIMES} ×`,
        met: times <= TIMES,
      },
      {
        what: "  the event loop's delay, p99",
        value: `${result.loopDelayMs.toFixed(1)} ms`,
        target: `<= ${LOOP_DELAY_MS} ms`,
        met: result.loopDelayMs <= LOOP_DELAY_MS,
      },
    ],
    note: `${path}: ${Object.entries(statuses)
      .map(([status, count]) => `${count} × ${status}`)
      .join(', ')}`,
  };
};

const measure = async (bench: Bench, { readSeconds, readVms }: Amounts): Promise<Section> => {
  await measureOthers(bench, readSeconds);
  const lists = await listRows(bench.big);
  const worst = lists.reduce((slowest, row) => (row.p50 > slowest.p50 ? row : slowest));
  const alone = await measureOthers(bench, readSeconds);
  const loads = [];
  for (const path of new Set([worst.path, FULL_PAGE]))
    loads.push(await beside(bench, { path, alone, seconds: readSeconds }));
  return {
    title: `Reads (a tenant of ${readVms.toLocaleString('en-US')} VMs, half of them live; others: one read by key, one short list and one POST at a time)`,
    rows: [
      ...lists,
      { what: 'others alone', unit: 'ms', ...summarize(alone.others) },
      { what: "  the event loop's delay, p99", unit: 'ms', n: 1, p50: alone.loopDelayMs, p99: alone.loopDelayMs },
      ...loads.flatMap(({ rows }) => rows),
    ],
    verdicts: loads.flatMap(({ verdicts }) => verdicts),
    notes: loads.map(({ note }) => note),
  };
};

/** On its own plane, whose gateway reads a generated read model. */
export const benchReads = async (amounts: Amounts): Promise<Section> => {
  const directory = mkdtempSync(join(tmpdir(), 'il-bench-reads-'));
  try {
    buildModel(directory, [
      { tenant: tenantId('dev'), vms: SMALL_VMS },
      { tenant: BIG, vms: amounts.readVms },
    ]);
    const test = await startTestPlane({
      extra: { 'api-gateway': { IRONLOG_READ_MODEL_DIR: directory, IRONLOG_REQUESTS_PER_SECOND: '100000' } },
    });
    try {
      const bench = await openBench(test);
      const section = await measure(bench, amounts);
      await Promise.all([bench.big.close(), bench.small.close()]);
      return section;
    } finally {
      await test.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
