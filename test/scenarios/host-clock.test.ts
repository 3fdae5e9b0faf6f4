// A host whose clock is two hours ahead, then two hours behind: no command expires by it, usage does not depend on it, the host
// gets no new VM, and recovers by itself. Clocks are shifted in the services' processes (harness/shifted-clock.ts).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findUnder } from '@ironlog/hypervisor';
import type { AttentionItem, Operation, StoredEvent } from '@ironlog/schemas';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

const AHEAD_MS = 7_200_000;
const BEHIND_MS = -AHEAD_MS;
/** Tolerance for a real clock and a round trip in a time on record. */
const CLOSE_MS = 5_000;

interface HostView {
  readonly host: string;
  readonly clockOffsetMs?: number;
  readonly clockErrorMs?: number;
}

let plane: TestPlane;
const directory = mkdtempSync(join(tmpdir(), 'il-clock-'));
const shiftFile = join(directory, 'shift');
/** The gateway's and recovery's clock. */
const controlShiftFile = join(directory, 'control-shift');

beforeAll(async () => {
  for (const file of [shiftFile, controlShiftFile]) writeFileSync(file, '0');
  const preload = new URL('../harness/shifted-clock.ts', import.meta.url).href;
  const shiftedBy = (file: string) => ({ NODE_OPTIONS: `--import ${preload}`, CLOCK_SHIFT_FILE: file });
  plane = await startTestPlane({
    hosts: 2,
    extra: {
      'vm-executor-host-2': { ...shiftedBy(shiftFile), IRONLOG_HOST_LABELS: 'zone=b' },
      'api-gateway': shiftedBy(controlShiftFile),
      'recovery-worker': shiftedBy(controlShiftFile),
    },
  });
}, 120_000);
beforeEach(() => shift(0));
afterAll(async () => {
  await plane.stop();
  rmSync(directory, { recursive: true, force: true });
});

const ON_HOST_2 = { placement: { hostLabels: { zone: 'b' } } };

const host2 = async (): Promise<HostView | undefined> =>
  (await plane.http<{ items: HostView[] }>('GET', '/v1/hosts')).body.items.find(({ host }) => host === 'host-2');
const attention = async (): Promise<readonly AttentionItem[]> =>
  (await plane.http<{ items: AttentionItem[] }>('GET', '/v1/attention')).body.items;

/** Resolves when the host's heartbeats report the offset, and its effects can be read. */
const shift = async (shiftMs: number): Promise<void> => {
  writeFileSync(shiftFile, String(shiftMs));
  await until(`the clock is off by ${shiftMs} ms`, async () => {
    const { clockOffsetMs = Number.NaN, clockErrorMs = 0 } = (await host2()) ?? {};
    const isNamed = (await attention()).some(({ kind }) => kind === 'host-clock-wrong');
    return Math.abs(clockOffsetMs - shiftMs) <= clockErrorMs + CLOSE_MS && isNamed === Math.abs(shiftMs) > 2_000;
  });
};

const create = (id: string, body: object, seconds = 30) =>
  plane.http<Operation>('POST', '/v1/vms', { wait: seconds, body: { id, start: true, ...body } });

const hostEvents = async () =>
  (await plane.events()).flatMap(({ read }) =>
    read.ok && read.stored.kind === 'host' && read.stored.event.subject === 'host-2' ? [read.stored.event] : [],
  );

/** When nats-server stored the VM's events of these names. */
const storedAt = async (id: string, ...names: string[]): Promise<readonly number[]> => {
  const isOf = (stored: StoredEvent): boolean =>
    stored.kind === 'vm' && stored.event.subject === id && names.includes(stored.event.name);
  return (await plane.events()).flatMap(({ read, storedAt: at }) =>
    read.ok && isOf(read.stored) ? [at.getTime()] : [],
  );
};

test.each([
  ['ahead', AHEAD_MS, '7200.0 s ahead of'],
  ['behind', BEHIND_MS, '7200.0 s behind'],
])(
  'a clock two hours %s stops no command, on its VMs or on other hosts, and is reported',
  async (name, shiftMs, words) => {
    const own = `own-${name}`;
    expect((await create(own, { spec: ON_HOST_2 })).body).toMatchObject({ status: 'succeeded' });
    await shift(shiftMs);

    for (const verb of ['pause', 'resume', 'reboot', 'shutdown', 'boot'])
      expect(await plane.command('POST', `/v1/vms/${own}/${verb}`)).toMatchObject({ verb, status: 'succeeded' });

    for (let n = 1; n <= 6; n += 1) {
      expect((await create(`other-${name}-${n}`, {})).body).toMatchObject({ status: 'succeeded' });
      expect((await plane.vm(`other-${name}-${n}`)).host).toBe('host-1');
    }
    const waiting = await create(`waiting-${name}`, { spec: ON_HOST_2 }, 0);
    expect(waiting.body).toMatchObject({
      status: 'pending',
      waitingFor: expect.stringContaining(`host-2 has a clock ${words}`),
    });

    const [item] = (await attention()).filter(({ kind }) => kind === 'host-clock-wrong');
    expect(item).toMatchObject({
      host: 'host-2',
      reason: expect.stringContaining(words),
      actionRequired: expect.stringContaining("set the host's clock"),
    });
    expect((await hostEvents()).at(-1)).toMatchObject({ name: 'clock-wrong', data: { refusesVms: true } });

    await shift(0);
    expect((await hostEvents()).at(-1)).toMatchObject({ name: 'clock-corrected' });
    await until('the waiting create is placed', async () => (await plane.vm(`waiting-${name}`)).state === 'running');
    expect((await plane.vm(`waiting-${name}`)).host).toBe('host-2');
  },
);

test('usage and age of a VM are correct', async () => {
  // Below the bound for new VMs a clock may be wrong while a VM is created.
  await shift(-9_000);
  await create('billed', { spec: ON_HOST_2 });
  await shift(BEHIND_MS);
  await shift(AHEAD_MS);
  await plane.command('POST', '/v1/vms/billed/shutdown', { mode: 'force' });

  const [claimedMs = 0] = await storedAt('billed', 'claimed');
  const [bootedMs = 0, stoppedMs = 0] = await storedAt('billed', 'booted', 'stopped');
  const vm = await plane.vm('billed');
  expect(Math.abs(Date.parse(vm.createdAt) - claimedMs)).toBeLessThan(CLOSE_MS);
  const { body } = await plane.http<{ items: { vmId: string; runningSeconds: number }[] }>(
    'GET',
    '/v1/usage?vmId=billed',
  );
  const ranMs = stoppedMs - bootedMs;
  expect(ranMs).toBeGreaterThan(0);
  expect(Math.abs((body.items[0]?.runningSeconds ?? 0) * 1000 - ranMs)).toBeLessThan(CLOSE_MS);
});

test('an executor that starts with a wrong clock reports it, adopts its VMs, and gets no new one', async () => {
  await create('adopted', { spec: ON_HOST_2 });
  const startsOf = async (): Promise<number> =>
    (await hostEvents()).filter(({ name }) => name === 'executor-started').length;
  const starts = await startsOf();
  writeFileSync(shiftFile, String(BEHIND_MS));
  process.kill(plane.plane.supervisor.pidOf('vm-executor-host-2') ?? Number.NaN, 'SIGKILL');
  await until('the executor has started again', async () => (await startsOf()) > starts);
  await shift(BEHIND_MS);
  expect(await plane.command('POST', '/v1/vms/adopted/pause')).toMatchObject({ status: 'succeeded' });
  const { time, name } = (await hostEvents()).at(-1) ?? {};
  expect(name).toBe('clock-wrong');
  expect(Math.abs(Date.now() - Date.parse(time ?? ''))).toBeLessThan(60_000);
  expect((await create('refused', { spec: ON_HOST_2 }, 0)).body).toMatchObject({ status: 'pending' });
  await shift(0);
  await until('it is placed', async () => (await plane.vm('refused')).state === 'running');
});

/** Resolves when both services' metrics show the offset. */
const shiftControl = async (shiftMs: number): Promise<void> => {
  writeFileSync(controlShiftFile, String(shiftMs));
  for (const { name, opsUrl } of plane.plane.services)
    if (name === 'api-gateway' || name === 'recovery-worker')
      await until(`${name} is off by ${shiftMs} ms`, async () => {
        const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
        const [, seconds] = /^ironlog_host_clock_offset_seconds\{.*\} (\S+)$/m.exec(metrics) ?? [];
        return Math.abs(Number(seconds) * 1000 - shiftMs) < CLOSE_MS;
      });
};

test.each([
  ['ahead', AHEAD_MS],
  ['behind', BEHIND_MS],
])(
  'a gateway and a recovery-worker two hours %s accept commands in time, and restart a crashed VM',
  async (name, shiftMs) => {
    await shiftControl(shiftMs);
    const id = `restarted-${name}`;
    const { body } = await create(id, { spec: { restart: { policy: 'on-failure', backoffMs: 0 } } });
    expect(body).toMatchObject({ status: 'succeeded' });
    expect(Math.abs(Date.parse(body.requestedAt) - Date.now())).toBeLessThan(60_000);
    const [found] = (await findUnder(plane.plane.stateDir)).filter(({ directory: of }) => of.endsWith(`/${id}`));
    process.kill(found?.identity.pid ?? Number.NaN, 'SIGKILL');
    await until('it runs again', async () => {
      const { state, epoch } = await plane.vm(id);
      return state === 'running' && epoch === 2;
    });
    await shiftControl(0);
  },
);
