// `npm test`: runs the tests within a time limit, passes on their exit code, and leaves no process behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CACHE_DIR, ROOT } from './paths.ts';
import { print } from './terminal/print.ts';

/** Several times their duration on two busy cores: a longer run hangs. */
const WITHIN_MS = 40 * 60_000;
/** Vitest has reported its end, and one of its workers does not exit. */
const GRACE_MS = 20_000;

const totalsSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numFailedTestSuites: z.int(),
});

/** The closing line, from vitest's report. A file that could not be loaded counts as a failure. */
const closingLine = (report: string): string => {
  const totals = totalsSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  const failed = totals.numFailedTests || totals.numFailedTestSuites;
  const skipped = totals.numPendingTests > 0 ? `, ${totals.numPendingTests} skipped` : '';
  return `${totals.numPassedTests} passed, ${failed} failed${skipped}`;
};

/** Ends every process in vitest's group that the tests started and did not stop. */
const endGroup = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/**
 * Vitest's exit code; 1 when it was killed. Its output goes through this process, so that a process left behind does not keep
 * our output open.
 */
const runVitest = async (args: readonly string[]): Promise<number> => {
  const vitest = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
  });
  const interrupted = (): void => endGroup(vitest);
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const late = setTimeout(() => {
    print(`the tests have not ended within ${WITHIN_MS / 60_000} minutes; ending them`);
    endGroup(vitest);
  }, WITHIN_MS);
  let closing: NodeJS.Timeout | undefined;
  vitest.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    if (chunk.includes('JSON report written')) closing = setTimeout(() => endGroup(vitest), GRACE_MS);
  });
  vitest.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  const [code, signal] = (await once(vitest, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(late);
  clearTimeout(closing);
  endGroup(vitest);
  if (signal !== null) print(`vitest was ended by ${signal}`);
  return code ?? 1;
};

const runTests = async (args: readonly string[]): Promise<number> => {
  mkdirSync(CACHE_DIR, { recursive: true });
  const report = join(CACHE_DIR, `test-report-${process.pid}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = await runVitest([...reporters, ...args]);
  try {
    process.stdout.write(`${closingLine(report)}\n`);
  } catch (error) {
    print(`vitest left no report: ${error instanceof Error ? error.message : String(error)}`);
    return status || 1;
  } finally {
    rmSync(report, { force: true });
  }
  return status;
};

process.exit(await runTests(process.argv.slice(2)));
