// One supervisor per state directory, no nesting, and no process of a killed supervisor left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endOrphans, findOrphans } from '../processes/orphans.ts';
import { lockStateDirectory } from './lock.ts';
import { refuseNestedDirectories } from './nested-directories.ts';
import { openStateDirectory, realPathOf } from './state-directory.ts';

let directory: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ironlog-state-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

describe('the lock', () => {
  it('names the process that holds it', async () => {
    const release = await lockStateDirectory(directory);
    await expect(lockStateDirectory(directory)).rejects.toThrow(`(pid ${process.pid})`);
    release();
  });

  it('is held by one of many simultaneous starts', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => lockStateDirectory(directory)));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    ['a dead process', JSON.stringify({ pid: process.pid, startTime: '1', bootId: 'another' })],
    ['nobody, cut off by a power failure', '{"pi'],
  ])('is taken over from %s', async (_whom, content) => {
    writeFileSync(join(directory, 'start.lock'), content);
    const release = await lockStateDirectory(directory);
    release();
    expect(readdirSync(directory)).toEqual([]);
  });
});

/** A program at a service's path, with `stateDir` in its environment like a service. */
const startService = async (name: string, stateDir: string): Promise<ChildProcess> => {
  const folder = join(directory, 'services', name, 'src');
  mkdirSync(folder, { recursive: true });
  const main = join(folder, 'main.ts');
  writeFileSync(main, `setInterval(() => undefined, 1000); console.log('up');`);
  const env = { PATH: process.env.PATH, IRONLOG_STATE_DIR: `${stateDir}/host-1` };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  return child;
};

describe('the processes of a killed supervisor', () => {
  it('are found by their state directory and ended, and no others', async () => {
    const ours = await startService('vm-executor', join(directory, 'state'));
    const another = await startService('state-projector', join(directory, 'state-2'));
    const found = await findOrphans(join(directory, 'state'));
    expect(found.map(({ name, identity }) => [name, identity.pid])).toEqual([['vm-executor', ours.pid]]);
    const printed: string[] = [];
    await endOrphans(join(directory, 'state'), (line) => printed.push(line));
    await expect.poll(() => ours.signalCode).toBe('SIGTERM');
    expect(another.signalCode).toBeNull();
    expect(printed).toEqual([`ending processes of an earlier run: vm-executor (${ours.pid})`]);
    expect(await findOrphans(join(directory, 'state'))).toEqual([]);
  });

  it('exclude a process in a directory inside it', async () => {
    await startService('vm-executor', join(directory, 'state', 'inner'));
    expect(await findOrphans(join(directory, 'state'))).toEqual([]);
    expect(await findOrphans(join(directory, 'state', 'inner'))).toHaveLength(1);
  });

  it("exclude a process that reads its nats-server's configuration", async () => {
    const config = join(directory, 'nats', 'nats.conf');
    mkdirSync(join(directory, 'nats'));
    writeFileSync(config, '');
    const reader = spawn('tail', ['-f', config], { stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(reader);
    await once(reader, 'spawn');
    expect(await findOrphans(directory)).toEqual([]);
  });
});

describe("a directory beside another plane's", () => {
  it.each([
    ['inside', ['state', 'inner'], ['state']],
    ['around', ['state'], ['state', 'inner']],
  ])('is refused when it is %s that one, and made neither', async (where, wanted, other) => {
    const running = await startService('state-projector', join(directory, ...other));
    const stateDir = join(directory, ...wanted);
    await expect(refuseNestedDirectories(stateDir)).rejects.toThrow(
      `${stateDir} is ${where} ${join(directory, ...other)}, which a state-projector (pid ${running.pid}) uses`,
    );
  });

  it('is refused when a start holds the one above it, and has started no process yet', async () => {
    const release = await lockStateDirectory(directory);
    await expect(refuseNestedDirectories(join(directory, 'inner'))).rejects.toThrow(`npm start (pid ${process.pid})`);
    await expect(refuseNestedDirectories(`${directory}-2`)).resolves.toBeUndefined();
    release();
    await expect(refuseNestedDirectories(join(directory, 'inner'))).resolves.toBeUndefined();
  });
});

describe('the directory itself', () => {
  it('is made for its owner only, and has its real path before and after it is made', () => {
    symlinkSync(directory, join(directory, 'link'));
    const [given, real] = [join(directory, 'link', 'a', 'b'), join(realpathSync(directory), 'a', 'b')];
    expect(realPathOf(given)).toBe(real);
    expect(openStateDirectory(given)).toBe(real);
    expect(realPathOf(given)).toBe(real);
    for (const path of [real, dirname(real)]) expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('is refused with a message at once when it cannot be made', () => {
    writeFileSync(join(directory, 'file'), '');
    for (const path of [join(directory, 'file'), join(directory, 'file', 'below')])
      expect(() => openStateDirectory(path)).toThrow(`${path} cannot be the state directory: a file is in its place`);
    // mkdir's own `recursive` never returns there.
    expect(() => openStateDirectory('/proc/nope/below')).toThrow('no directory can be made there');
  });
});
