// The host's lock: refused while another living process holds it, taken over from a dead one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeHostLock } from './host-lock.ts';

const HOLD = `
const { takeHostLock } = await import(process.argv[1]);
const release = await takeHostLock(process.argv[2]);
process.stdout.write('held');
process.stdin.once('data', () => { release(); process.exit(0); });
`;

/** Starts on a line of input, and prints the result. */
const RACE = `
const { takeHostLock } = await import(process.argv[1]);
process.stdout.write('ready');
process.stdin.once('data', async () => {
  process.stdout.write(await takeHostLock(process.argv[2]).then(() => 'held', (error) => error.message));
});
`;

let directory: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
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

/** Another process that took the lock with the same code. */
const another = async () => {
  const argv = ['--input-type=module', '-e', HOLD, '--', join(import.meta.dirname, 'host-lock.ts'), directory];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
};
const locks = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.lock'));
/** The pids that the locks name. */
const holders = (): number[] => locks().map((name) => Number(/^executor-(\d+)-/.exec(name)?.[1]));

test('it names this process, is readable by its owner only, and is removed on release', async () => {
  const release = await takeHostLock(directory);
  expect(holders()).toEqual([process.pid]);
  expect(statSync(join(directory, locks()[0] ?? '')).mode & 0o777).toBe(0o600);
  release();
  expect(locks()).toEqual([]);
});

test('while another living process holds it, it is refused, and that process is named', async () => {
  const child = await another();
  const refused = expect(takeHostLock(directory)).rejects;
  await refused.toThrow(ConfigError);
  await expect(takeHostLock(directory)).rejects.toThrow(
    `IRONLOG_STATE_DIR ${directory} is in use by an executor with pid ${child.pid}; stop that one first`,
  );
  expect(holders()).toEqual([child.pid]);
});

test('after the other process released it, it can be taken', async () => {
  const child = await another();
  const exited = once(child, 'exit');
  child.stdin.write('.');
  await exited;
  expect(locks()).toEqual([]);
  await takeHostLock(directory);
  expect(holders()).toEqual([process.pid]);
});

test('the lock of a killed process is taken over', async () => {
  const child = await another();
  await end(child);
  expect(holders()).toEqual([child.pid]);
  await takeHostLock(directory);
  expect(holders()).toEqual([process.pid]);
});

test.each([
  ['start time', /-\d+-(?=[0-9a-f]{8}-)/, '-1-'],
  ['boot', /[0-9a-f-]{36}(?=\.lock)/, '0'.repeat(36)],
])('a reused pid holds no lock (its %s differs)', async (_, part, other) => {
  const child = await another();
  const [name = ''] = locks();
  expect(name.replace(part, other)).not.toBe(name);
  renameSync(join(directory, name), join(directory, name.replace(part, other)));
  await takeHostLock(directory);
  expect(holders()).toEqual([process.pid]);
  expect(child.exitCode).toBeNull();
});

test("of many processes that find a dead process's lock, at most one takes it", async () => {
  await end(await another());
  const argv = ['--input-type=module', '-e', RACE, '--', join(import.meta.dirname, 'host-lock.ts'), directory];
  for (let round = 0; round < 5; round += 1) {
    const racers = Array.from({ length: 4 }, () =>
      spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    children.push(...racers);
    // Each waits for its input until all have started.
    await Promise.all(racers.map(({ stdout }) => once(stdout, 'data')));
    const answers = racers.map(({ stdout }) => once(stdout, 'data'));
    for (const { stdin } of racers) stdin.write('.');
    const appended = (await Promise.all(answers)).map(([text]) => String(text));
    expect(appended.filter((text) => text === 'held').length).toBeLessThanOrEqual(1);
    expect(appended.filter((text) => text !== 'held' && !text.includes('is in use by an executor'))).toEqual([]);
    await Promise.all(racers.map(end));
  }
});
