// `npm test`: makes sure of what the tests need, runs them, and passes on how they ended.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensureDemoKernel } from './demo-kernel.ts';
import { findNatsServer } from './nats-server.ts';
import { CACHE_DIR, ROOT } from './paths.ts';
import { type FoundQemu, findQemu, QEMU_PACKAGE } from './qemu.ts';
import { say } from './say.ts';

const INSTALL_TIMEOUT_MS = 600_000;
const inCi = process.env.CI === 'true';

/** Only where it is asked for (CI) and allowed (root): nothing is installed on a person's machine. */
const installQemu = (): void => {
  say(`CI: installing ${QEMU_PACKAGE}`);
  const apt = (...args: string[]): void => {
    execFileSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  };
  try {
    apt('update', '-q');
    apt('install', '-q', '-y', '--no-install-recommends', QEMU_PACKAGE);
  } catch (error) {
    say(`apt-get could not install it: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const qemuForTests = async (): Promise<FoundQemu> => {
  const found = await findQemu();
  if (found.kind === 'found' || !inCi || process.getuid?.() !== 0) return found;
  installQemu();
  return findQemu();
};

/** What the tests are told by their environment. @throws Error when CI lacks what it must have. */
const preparation = async (): Promise<Readonly<Record<string, string>>> => {
  const nats = { IRONLOG_NATS_SERVER: await findNatsServer() };
  const qemu = await qemuForTests();
  if (qemu.kind === 'absent') {
    if (inCi) throw new Error(`CI runs the tests that need QEMU, and ${qemu.reason}`);
    say(`the tests that need QEMU are skipped: ${qemu.reason}`);
    return nats;
  }
  try {
    const { kernel, initrd } = await ensureDemoKernel();
    return { ...nats, IRONLOG_QEMU: qemu.path, IRONLOG_KERNEL: kernel, IRONLOG_INITRD: initrd };
  } catch (error) {
    if (inCi) throw error;
    say(`the tests that need QEMU are skipped: ${error instanceof Error ? error.message : String(error)}`);
    return nats;
  }
};

const totalsSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numFailedTestSuites: z.int(),
});

/** The closing line, from vitest's own report. A file that could not be loaded counts as a failure. */
const closingLine = (report: string): string => {
  const totals = totalsSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  const failed = totals.numFailedTests || totals.numFailedTestSuites;
  const skipped = totals.numPendingTests > 0 ? `, ${totals.numPendingTests} skipped` : '';
  return `${totals.numPassedTests} passed, ${failed} failed${skipped}`;
};

const runTests = (variables: Readonly<Record<string, string>>, args: readonly string[]): number => {
  mkdirSync(CACHE_DIR, { recursive: true });
  const report = join(CACHE_DIR, `test-report-${process.pid}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { status, signal } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...variables },
  });
  try {
    if (signal !== null) say(`vitest was ended by ${signal}`);
    else process.stdout.write(`${closingLine(report)}\n`);
  } catch (error) {
    say(`vitest left no report: ${error instanceof Error ? error.message : String(error)}`);
    return status || 1;
  } finally {
    rmSync(report, { force: true });
  }
  return status ?? 1;
};

try {
  process.exitCode = runTests(await preparation(), process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 69;
}
