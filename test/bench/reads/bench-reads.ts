// Lists of a tenant with half a million VMs, and what they cost everybody else: others' requests alone and beside eight clients.
import { join } from 'node:path';
import { hashToken, newToken, type TokenEntry, writeTokenFile } from '@ironlog/service-kit';
import { z } from 'zod';
import { startTestPlane, type TestPlane } from '../../harness/plane.ts';
import { until } from '../../harness/until.ts';
import { firstThreadMs } from '../cpu.ts';
import { builtModel } from '../lists/built-model.ts';
import { BIG_TENANT, SMALL_TENANT } from '../lists/fleet.ts';
import type { Amounts } from '../options.ts';
import type { Row, Section, Verdict } from '../report.ts';
import { percentile, summarize, timed } from '../stats.ts';
import { type Client, openClient } from './client.ts';
import { expectStatus, type Measured, measureOthers, type Others, together } from './others.ts';
import { FULL_PAGES, filtersOf } from './paths.ts';
import { withLoad } from './with-load.ts';

const TIMES = 3;
const LOOP_DELAY_MS = 20;
const CLIENTS = 8;
const EACH = 20;

interface Bench {
  readonly others: Others;
  readonly big: Client;
  readonly bigToken: string;
}

const listedSchema = z.object({ items: z.array(z.object({ id: z.string() })).min(1) });

const openBench = async (test: TestPlane): Promise<Bench> => {
  const { plane } = test;
  const [bigToken, smallToken] = [newToken(), newToken()];
  const entry = (id: string, token: string, tenant: TokenEntry['tenant']): TokenEntry => ({
    id,
    hash: hashToken(token),
    tenant,
    role: 'admin',
    expiresAt: '2999-01-01T00:00:00.000Z',
  });
  writeTokenFile(join(plane.stateDir, 'tokens.json'), [
    entry('dev', plane.token, plane.tenant),
    entry('big', bigToken, BIG_TENANT),
    entry('small', smallToken, SMALL_TENANT),
  ]);
  const big = openClient({ url: plane.http, token: bigToken });
  await until('the big tenant may ask', async () => (await big.send('GET', '/v1/vms?limit=1')) === 200 || undefined);
  const listed = await fetch(`${plane.http}/v1/vms?limit=200`, { headers: { authorization: `Bearer ${smallToken}` } });
  const vmIds = listedSchema.parse(await listed.json()).items.map(({ id }) => id);
  const client = openClient({ url: plane.http, token: smallToken });
  return { others: { test, client, vmIds }, big, bigToken };
};

interface Listed extends Row {
  readonly path: string;
  /** Of the gateway's thread for one answer, on average: it does not depend on who else wants a core. */
  readonly cpuMs: number;
}

/** After one that is not counted: its pages are read from disk. */
const listRows = async ({ big: client, others: { test } }: Bench, paths: readonly string[]): Promise<Listed[]> => {
  const cpuMs = () => firstThreadMs(test.plane.supervisor.pidOf('api-gateway'));
  const rows: Listed[] = [];
  for (const path of paths) {
    const ask = () => expectStatus(client, 'GET', path, 200);
    await ask();
    const before = cpuMs();
    const took: number[] = [];
    for (let index = 0; index < EACH; index += 1) took.push(await timed(ask));
    rows.push({ path, what: path, unit: 'ms', ...summarize(took), cpuMs: (cpuMs() - before) / EACH });
  }
  return rows;
};

const slowest = (rows: readonly Listed[]): string => rows.reduce((one, row) => (row.p50 > one.p50 ? row : one)).path;

const measuredRows = (what: string, { took, loopDelayMs }: Measured): readonly Row[] => [
  { what, unit: 'ms', ...summarize(took) },
  { what: "  the event loop's delay, p99", unit: 'ms', n: 1, p50: loopDelayMs, p99: loopDelayMs },
];

interface Load {
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
  readonly note: string;
}

/** Alone and beside the clients in turns: the machine may be busy with something else at any time. */
const beside = async (bench: Bench, path: string, { readRounds, readSeconds }: Amounts): Promise<Load> => {
  const { others, bigToken } = bench;
  const asking = { url: others.test.plane.http, token: bigToken, path, clients: CLIENTS };
  const rounds: { alone: Measured; loaded: Measured }[] = [];
  const counts = new Map<string, number>();
  for (let round = 0; round < readRounds; round += 1) {
    const alone = await measureOthers(others, readSeconds);
    const { result: loaded, statuses } = await withLoad(asking, () => measureOthers(others, readSeconds));
    rounds.push({ alone, loaded });
    for (const [status, count] of Object.entries(statuses)) counts.set(status, (counts.get(status) ?? 0) + count);
  }
  const alone = together(rounds.map((round) => round.alone));
  const loaded = together(rounds.map((round) => round.loaded));
  const times = percentile(loaded.took, 0.99) / percentile(alone.took, 0.99);
  return {
    rows: [...measuredRows('others alone', alone), ...measuredRows(`  beside ${CLIENTS} × ${path}`, loaded)],
    verdicts: [
      {
        what: `others' p99 beside ${path}, against alone`,
        value: `${times.toFixed(1)} ×`,
        target: `<= ${TIMES} ×`,
        met: times <= TIMES,
      },
      {
        what: "  the event loop's delay, p99",
        value: `${loaded.loopDelayMs.toFixed(1)} ms`,
        target: `<= ${LOOP_DELAY_MS} ms`,
        met: loaded.loopDelayMs <= LOOP_DELAY_MS,
      },
    ],
    note: `${path}: ${[...counts].map(([status, count]) => `${count} × ${status}`).join(', ')}`,
  };
};

const measure = async (bench: Bench, amounts: Amounts): Promise<Section> => {
  const { listedVms, readSeconds } = amounts;
  await measureOthers(bench.others, readSeconds);
  const filters = await listRows(bench, filtersOf(listedVms));
  const pages = await listRows(bench, FULL_PAGES);
  const loads: Load[] = [];
  for (const path of new Set([slowest(filters), ...FULL_PAGES])) loads.push(await beside(bench, path, amounts));
  return {
    title: `Reads (${listedVms.toLocaleString('en-US')} VMs, a fifth of them live, half of them of the tenant that asks for lists; others: a keyed read, a short list and a POST at a time)`,
    rows: [...filters, ...pages, ...loads.flatMap(({ rows }) => rows)],
    verdicts: loads.flatMap(({ verdicts }) => verdicts),
    notes: [
      ...[...filters, ...pages].map(
        ({ path, cpuMs }) => `${path}: ${cpuMs.toFixed(2)} ms of CPU of the gateway's thread`,
      ),
      ...loads.map(({ note }) => note),
    ],
  };
};

/** `directory`: a read model of `lists/build.ts`. */
export const measureReads = async (directory: string, amounts: Amounts): Promise<Section> => {
  const test = await startTestPlane({
    extra: { 'api-gateway': { IRONLOG_READ_MODEL_DIR: directory, IRONLOG_REQUESTS_PER_SECOND: '100000' } },
  });
  try {
    const bench = await openBench(test);
    const section = await measure(bench, amounts);
    await Promise.all([bench.big.close(), bench.others.client.close()]);
    return section;
  } finally {
    await test.stop();
  }
};

/** A plane of its own, whose gateway reads a model that is made for it. */
export const benchReads = async (amounts: Amounts): Promise<Section> =>
  measureReads((await builtModel(amounts.listedVms)).directory, amounts);
