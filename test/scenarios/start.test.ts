// A plane stopped by its operator and started again on its state directory: requested stops are recorded, and no crash.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findUnder } from '@ironlog/hypervisor';
import { type Plane, shutDownVms, startPlane } from '@ironlog/infra';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../harness/until.ts';

let stateDir: string;
let plane: Plane | undefined;
const printed: string[] = [];

const start = async (executor: Record<string, string> = {}): Promise<Plane> => {
  const { signal } = new AbortController();
  const print = (line: string): void => void printed.push(line);
  const extra = { 'vm-executor': executor };
  plane = await startPlane({
    stateDir,
    hypervisors: ['simulator'],
    hosts: 1,
    httpPort: 0,
    natsPort: 0,
    print,
    signal,
    extra,
  });
  return plane;
};
const stopInOrder = async ({ http, token, hosts, stop }: Plane): Promise<void> => {
  const { signal } = new AbortController();
  await shutDownVms({ http, token, hosts, print: (line) => printed.push(line), signal });
  await stop({ keepVms: false });
  plane = undefined;
};
const ask = async <Body>({ http, token }: Plane, method: string, path: string, body?: object): Promise<Body> => {
  const response = await fetch(`${http}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=30' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Body;
};
const storyOf = async (running: Plane, id: string) => {
  const { items } = await ask<{ items: { type: string; actor: string }[] }>(running, 'GET', `/v1/vms/${id}/events`);
  return items.map(({ type, actor }) => [type.replace(/^ironlog\.vm\.|\.v1$/g, ''), actor]);
};

beforeAll(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'il-'));
});
afterAll(async () => {
  await plane?.stop({ keepVms: false });
  rmSync(stateDir, { recursive: true, force: true });
});

it('has stopped its VMs on request, and one before its first boot still waits for it', {
  timeout: 120_000,
}, async () => {
  const restart = { policy: 'always', backoffMs: 0 };
  const first = await start();
  for (const id of ['ran', 'paused']) await ask(first, 'POST', '/v1/vms', { id, start: true, spec: { restart } });
  await ask(first, 'POST', '/v1/vms/paused/pause', {});
  await ask(first, 'POST', '/v1/vms', { id: 'made', spec: { restart } });
  await stopInOrder(first);
  expect(await findUnder(stateDir)).toEqual([]);
  for (const id of ['ran', 'paused', 'made'])
    expect(readdirSync(join(stateDir, 'host-1', 'dev', id)).filter((name) => name.endsWith('.sock'))).toEqual([]);
  // The third is counted when its create may not have ended yet.
  expect(printed).toContainEqual(expect.stringMatching(/^shutting down [23] VMs/));

  const second = await start();
  for (const id of ['ran', 'paused']) {
    expect(await ask(second, 'GET', `/v1/vms/${id}`)).toMatchObject({
      state: 'stopped',
      lastStop: { cause: 'requested', forced: true },
    });
    expect((await storyOf(second, id)).slice(-2)).toEqual([
      ['shutdown-started', 'dev'],
      ['stopped', 'dev'],
    ]);
  }
  expect(await ask(second, 'POST', '/v1/vms/made/boot', {})).toMatchObject({ status: 'succeeded' });
  const story = await until('its boot is on record', async () => {
    const names = (await storyOf(second, 'made')).map(([name]) => name);
    return names.at(-1) === 'booted' ? names : undefined;
  });
  expect(story).toEqual(['claimed', 'created', 'boot-started', 'booted']);
  await stopInOrder(second);
  expect(existsSync(join(stateDir, 'start.lock'))).toBe(false);
});

it('leaves the VMs of an earlier start alone when its own start fails', { timeout: 120_000 }, async () => {
  const first = await start();
  await ask(first, 'POST', '/v1/vms', { id: 'kept', start: true });
  await first.stop({ keepVms: true });
  const [kept] = await findUnder(stateDir);
  await expect(start({ IRONLOG_LOG_LEVEL: 'loud' })).rejects.toThrow(/: IRONLOG_LOG_LEVEL is "loud"; it takes one of/);
  expect(await findUnder(stateDir)).toEqual([kept]);
  const third = await start();
  expect((await storyOf(third, 'kept')).at(-1)).toEqual(['booted', 'dev']);
  await stopInOrder(third);
  expect(await findUnder(stateDir)).toEqual([]);
});
