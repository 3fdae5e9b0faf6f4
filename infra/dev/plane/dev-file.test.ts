// Which plane `dev.json` describes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '@ironlog/hypervisor';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { devFileIn, readDevFile, whyUncertain, writeDevFiles } from './dev-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-dev-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const shared = () => join(directory, '.ironlog', 'dev.json');
const factsOf = (name: string) => {
  const stateDir = join(directory, name);
  mkdirSync(stateDir, { recursive: true });
  const nats = { nats: 'nats://127.0.0.1:4222', natsUser: 'client-dev', natsPassword: 'x' };
  return { http: `http://${name}`, ...nats, token: 't', tenant: 'dev', hosts: ['host-1'], ops: {}, stateDir };
};

it('is in the state directory and in .ironlog, for its owner only, until the plane ends', async () => {
  const written = await writeDevFiles(factsOf('one'), shared());
  expect(written.path).toBe(shared());
  for (const path of [shared(), devFileIn(join(directory, 'one'))]) {
    expect(readDevFile(path)).toMatchObject({ http: 'http://one', start: { pid: process.pid } });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
  written.remove();
  expect([shared(), devFileIn(join(directory, 'one'))].filter(existsSync)).toEqual([]);
});

it('in .ironlog it describes the first plane while that runs', async () => {
  await writeDevFiles(factsOf('one'), shared());
  const second = await writeDevFiles(factsOf('two'), shared());
  expect(second.path).toBe(devFileIn(join(directory, 'two')));
  second.remove();
  expect(readDevFile(shared()).http).toBe('http://one');
});

it('is taken over from a dead start, and treated as uncertain until then', async () => {
  await writeDevFiles(factsOf('one'), shared());
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const start = await identify(child.pid ?? 0);
  writeFileSync(shared(), JSON.stringify({ ...readDevFile(shared()), start }));
  expect(await whyUncertain(shared(), readDevFile(shared()))).toContain('still runs');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await whyUncertain(shared(), readDevFile(shared()))).toContain(`(pid ${child.pid}) has ended`);
  expect((await writeDevFiles(factsOf('two'), shared())).path).toBe(shared());
});

it.each(['', '{"http":"http://old"}'])('is taken over from another version: %j', async (text) => {
  mkdirSync(join(directory, '.ironlog'));
  writeFileSync(shared(), text);
  expect(() => readDevFile(shared())).toThrow('run npm start again');
  expect((await writeDevFiles(factsOf('one'), shared())).path).toBe(shared());
});

it('is not removed when another start has replaced it', async () => {
  const written = await writeDevFiles(factsOf('one'), shared());
  writeFileSync(shared(), 'of another');
  written.remove();
  expect(readFileSync(shared(), 'utf8')).toBe('of another');
  expect(() => readDevFile(join(directory, 'none.json'))).toThrow('run npm start in another terminal first');
});
