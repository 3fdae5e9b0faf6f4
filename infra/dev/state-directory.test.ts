// One supervisor per state directory, and nothing of a killed one left on it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftovers, findLeftovers } from './leftovers.ts';
import { lockStateDirectory } from './lock.ts';

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

  it('is had by one of many that ask at once', async () => {
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

/** A program at the place of a service, told of `stateDir` as services are. */
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

describe('what a killed supervisor left', () => {
  it('is found by its state directory and ended, and nothing else is', async () => {
    const ours = await startService('vm-executor', join(directory, 'state'));
    const another = await startService('state-projector', join(directory, 'state-2'));
    const found = await findLeftovers(join(directory, 'state'));
    expect(found.map(({ name, identity }) => [name, identity.pid])).toEqual([['vm-executor', ours.pid]]);
    const said: string[] = [];
    await endLeftovers(join(directory, 'state'), (line) => said.push(line));
    await expect.poll(() => ours.signalCode).toBe('SIGTERM');
    expect(another.signalCode).toBeNull();
    expect(said).toEqual([`ending what an earlier run left: vm-executor (${ours.pid})`]);
    expect(await findLeftovers(join(directory, 'state'))).toEqual([]);
  });
});
