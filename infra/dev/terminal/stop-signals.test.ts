// How `npm start` reacts to signals and to a closed terminal.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';

let directory: string;
let child: ChildProcess;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ironlog-stop-'));
  child = spawn(process.execPath, [join(import.meta.dirname, 'stop.fixture.ts'), join(directory, 'end')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.stdout) await once(child.stdout, 'data');
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** How it reports its end; undefined: it was killed before it could stop. */
const endOf = async (): Promise<string | undefined> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return existsSync(join(directory, 'end')) ? readFileSync(join(directory, 'end'), 'utf8') : undefined;
};

it('continues when its output is no longer read, and stops in order', async () => {
  child.stdout?.destroy();
  child.stderr?.destroy();
  await wait(100);
  child.kill('SIGINT');
  expect(await endOf()).toBe('SIGINT');
});

it('takes a closed terminal for a stop, and its second signal for the same', async () => {
  child.kill('SIGHUP');
  await wait(700);
  child.kill('SIGHUP');
  expect(await endOf()).toBe('SIGHUP');
});

it("takes npm's copy of the same Ctrl-C for the first one, and a later one for a forced stop", async () => {
  child.kill('SIGINT');
  await wait(20);
  child.kill('SIGINT');
  await wait(700);
  expect(existsSync(join(directory, 'end'))).toBe(false);
  child.kill('SIGINT');
  expect(await endOf()).toBe('SIGINT at once');
});
