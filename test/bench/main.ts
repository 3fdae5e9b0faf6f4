// `npm run bench`: Ironlog's costs, each beside a baseline of the same run.
import { cpus } from 'node:os';
import { print, UsageError } from '@ironlog/infra';
import { startTestPlane } from '../harness/plane.ts';
import { benchAccept } from './accept.ts';
import { benchBoot } from './boot.ts';
import { benchCrash } from './crash.ts';
import { benchLists } from './lists/lists.ts';
import { benchMemory } from './memory.ts';
import { type Amounts, type BenchOptions, type Part, readOptions, USAGE } from './options.ts';
import { openRawPublish } from './raw-publish.ts';
import { benchReads } from './reads/bench-reads.ts';
import { benchRebuild } from './rebuild/rebuild.ts';
import { render, type Section } from './report.ts';
import { benchWaiting } from './waiting.ts';

/** Several times a whole run: past it something hangs. */
const WITHIN_MS = 30 * 60_000;

const onOnePlane = async (
  measure: (...args: Parameters<typeof benchAccept>) => Promise<Section>,
  amounts: Amounts,
): Promise<Section> => {
  const test = await startTestPlane({ extra: { 'api-gateway': { IRONLOG_REQUESTS_PER_SECOND: '100000' } } });
  try {
    const raw = await openRawPublish(test);
    try {
      return await measure(test, raw, amounts);
    } finally {
      await raw.close();
    }
  } finally {
    await test.stop();
  }
};

const BENCHES: Readonly<Record<Part, (amounts: Amounts) => Promise<Section>>> = {
  accept: (amounts) => onOnePlane(benchAccept, amounts),
  boot: (amounts) => onOnePlane(benchBoot, amounts),
  rebuild: benchRebuild,
  crash: (amounts) => onOnePlane((test, _raw, much) => benchCrash(test, much), amounts),
  memory: benchMemory,
  waiting: benchWaiting,
  reads: benchReads,
  lists: benchLists,
};

const bench = async ({ parts, amounts }: BenchOptions): Promise<void> => {
  const late = setTimeout(() => {
    process.stderr.write(`the bench has not ended within ${WITHIN_MS / 60_000} minutes\n`);
    process.exit(1);
  }, WITHIN_MS);
  process.stdout.write(`${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}\n\n`);
  for (const part of parts) process.stdout.write(`${render(await BENCHES[part](amounts))}\n`);
  clearTimeout(late);
};

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await bench(options);
  else process.stdout.write(`${USAGE}\n`);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  print(error.message);
  process.exitCode = UsageError.exitCode;
}
