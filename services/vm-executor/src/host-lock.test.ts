// The host's lock: held by another living process it is refused, left by a dead one it is taken over.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, type ProcessIdentity } from '@ironlog/hypervisor';
import { ConfigError } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeHostLock } from './host-lock.ts';

const HOLD = `
const { takeHostLock } = await import(process.argv[1]);
const release = await takeHostLock(process.argv[2]);
process.stdout.write('held');
process.stdin.once('data', () => { release(); process.exit(0); });
`;

let directory: string;
let file: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
  file = join(directory, 'executor.lock');
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  rmSync(directory, { recursive: true, force: true });
});

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

/** Another process that has taken the lock by the same code. */
const another = async () => {
  const argv = ['--input-type=module', '-e', HOLD, '--', join(import.meta.dirname, 'host-lock.ts'), directory];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
};
const holder = (): ProcessIdentity => JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;

test('it names this process, is for its owner only, and is gone when let go', async () => {
  const release = await takeHostLock(directory);
  expect(holder()).toEqual(await identify(process.pid));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  release();
  expect(existsSync(file)).toBe(false);
});

test('while another process lives that holds it, it is refused, and that process is named', async () => {
  const child = await another();
  const refused = expect(takeHostLock(directory)).rejects;
  await refused.toThrow(ConfigError);
  await expect(takeHostLock(directory)).rejects.toThrow(
    `IRONLOG_STATE_DIR ${directory} is in use by an executor with pid ${child.pid}; stop that one first`,
  );
  expect(holder().pid).toBe(child.pid);
});

test('once the other has let go, it can be taken', async () => {
  const child = await another();
  const exited = once(child, 'exit');
  child.stdin.write('.');
  await exited;
  expect(existsSync(file)).toBe(false);
  await takeHostLock(directory);
  expect(holder().pid).toBe(process.pid);
});

test('the lock of a process that was killed is taken over', async () => {
  const child = await another();
  await end(child);
  expect(holder().pid).toBe(child.pid);
  await takeHostLock(directory);
  expect(holder().pid).toBe(process.pid);
});

test.each(['startTime', 'bootId'] as const)(
  'a pid that is another process by now holds nothing (%s)',
  async (field) => {
    await another();
    writeFileSync(file, JSON.stringify({ ...holder(), [field]: '1' }));
    await takeHostLock(directory);
    expect(holder().pid).toBe(process.pid);
  },
);

test.each(['', '{"pid":1'])('a lock file that was cut off (%j) holds nothing', async (text) => {
  writeFileSync(file, text);
  await takeHostLock(directory);
  expect(holder().pid).toBe(process.pid);
});
