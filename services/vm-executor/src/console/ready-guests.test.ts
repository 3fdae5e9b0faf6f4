// Guests in real simulators that print a ready line: it is found at any time, by any executor.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initialVm, type Vm } from '@ironlog/domain';
import { newVmId, tenantId, type VmFact, type VmSpecInput, vmId, vmSpecSchema } from '@ironlog/schemas';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { VmRef } from '../host/state-directory.ts';
import { BOUND, claim, HOST, intent, testHost } from '../host.fixture.ts';
import { rotateConsole } from './console-file.ts';
import { readEpochStart, writeEpochStart } from './epoch-start.ts';
import { notReadyFact, ReadyGuests, readyFact } from './ready-guests.ts';

const host = testHost();
const READY = { console: 'ironlog-guest: ready', timeoutSeconds: 600 };

const begin = async (spec: VmSpecInput) => {
  const id = newVmId();
  await host.append(id, HOST, claim(HOST, true, spec));
  await host.start();
  return id;
};
const namesUntil = async (id: Vm['id'], last: string) => {
  await vi.waitFor(async () => expect(await host.names(id)).toContain(last), BOUND);
  return host.names(id);
};

test('what is printed before the boot is on record counts, and is on record once', async () => {
  const id = await begin({ ready: READY });
  expect(await namesUntil(id, 'ready')).toEqual(['claimed', 'created', 'boot-started', 'booted', 'ready']);
  expect((await host.last(id))?.data).toMatchObject({ epoch: 1, tookMs: expect.any(Number) });
  await host.stop();
  await host.start();
  await host.stop();
  expect((await host.names(id)).filter((name) => name === 'ready')).toHaveLength(1);
});

test('what comes later is found when it comes', async () => {
  const id = await begin({ ready: READY, kernelArgs: 'sim.ready-after-ms=700' });
  expect((await namesUntil(id, 'ready')).at(-1)).toBe('ready');
  expect(host.consoleErrors).toEqual([]);
});

test('the next executor goes on looking, and finds what was printed while none ran', async () => {
  const id = await begin({ ready: { ...READY, console: 'power button' }, kernelArgs: 'sim.print=3000' });
  await host.until(id, 'booted');
  await host.stop();
  expect(await host.names(id)).not.toContain('ready');
  writeFileSync(join(host.directoryOf(id), 'console.log'), '[    1.0] ironlog-guest: power button\n', { flag: 'a' });
  await host.start();
  await namesUntil(id, 'ready');
});

test('what an earlier epoch printed says nothing of this one', async () => {
  const id = await begin({ ready: { ...READY, timeoutSeconds: 1 } });
  await namesUntil(id, 'ready');
  await host.stop();
  // The next epoch's guest prints no ready line: the test writes its console.
  await host.append(id, HOST, {
    name: 'reboot-started',
    data: { ...intent, epoch: 2, force: true, timeoutSeconds: 1 },
  });
  host.driver = (simulator) => ({
    ...simulator,
    spawn: (launch) => simulator.spawn({ ...launch, consolePath: `${launch.directory}/hypervisor.log` }),
    create: (handle, launch, deadline) =>
      simulator.create(handle, { ...launch, consolePath: `${launch.directory}/hypervisor.log` }, deadline),
  });
  await host.start();
  expect((await namesUntil(id, 'not-ready')).slice(-3)).toEqual(['reboot-started', 'rebooted', 'not-ready']);
});

test('one that is late is so on record, and ready when it says so after all', async () => {
  const id = await begin({ ready: { ...READY, timeoutSeconds: 1 }, kernelArgs: 'sim.ready-after-ms=2500' });
  expect((await namesUntil(id, 'not-ready')).at(-1)).toBe('not-ready');
  const data = (await host.last(id))?.data;
  expect(data).toMatchObject({ epoch: 1 });
  expect(data && 'afterMs' in data && data.afterMs).toBeGreaterThanOrEqual(1000);
  expect((await namesUntil(id, 'ready')).at(-1)).toBe('ready');
});

test('the time goes on while no executor runs', async () => {
  const id = await begin({ ready: { console: 'never', timeoutSeconds: 1 } });
  await host.until(id, 'booted');
  await host.stop();
  const due = Date.now() + 1100;
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(due), BOUND);
  await host.start();
  await namesUntil(id, 'not-ready');
});

test('a guest that dies first has crashed, and is neither ready nor late', async () => {
  const id = await begin({ ready: { console: 'never', timeoutSeconds: 600 }, kernelArgs: 'sim.exit-after-ms=50' });
  const names = await namesUntil(id, 'crashed');
  expect(names).not.toContain('not-ready');
  expect(names.slice(-2)).toEqual(['booted', 'crashed']);
});

test('a command that goes on until the guest is ready is the cause of it', async () => {
  const id = newVmId();
  const claimed = claim(HOST, true, { ready: READY });
  if (claimed.name !== 'claimed') throw new Error('not a claim');
  const untilReady: VmFact = { name: 'claimed', data: { ...claimed.data, until: 'ready' } };
  await host.append(id, HOST, untilReady);
  await host.start();
  await namesUntil(id, 'ready');
  const [first, ...rest] = await host.story(id);
  expect(rest.map(({ causationid }) => causationid)).toEqual(rest.map(() => first?.causationid));
});

describe('the search', () => {
  const REF: VmRef = { tenant: tenantId('acme'), vmId: vmId('vm-1') };
  const START = Date.parse('2026-01-01T00:00:00.000Z');
  const vm = (more: Partial<Vm> = {}): Vm => ({
    ...initialVm(REF.tenant, REF.vmId),
    state: 'running',
    epoch: 2,
    spec: vmSpecSchema.parse({ ready: { console: 'up and running', timeoutSeconds: 30 } }),
    awaited: { since: new Date(START).toISOString(), isLate: false, command: null },
    ...more,
  });
  let directory: string;
  let grown: () => void;
  let guests: ReadyGuests;
  const heard: unknown[] = [];
  const print = (text: string): void => {
    writeFileSync(join(directory, 'console.log'), text, { flag: 'a' });
    grown();
  };
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    directory = join(host.root, 'console');
    mkdirSync(directory);
    grown = () => undefined;
    heard.length = 0;
    guests = new ReadyGuests({
      consoles: {
        listen: (_, listener) => {
          grown = listener;
          return () => {
            grown = () => undefined;
          };
        },
      },
      directoryOf: () => directory,
      now: () => new Date(),
      onReady: (_, epoch) => heard.push(`ready ${epoch}`),
      onLate: () => heard.push('late'),
      onError: (error) => heard.push(error),
    });
  });
  afterEach(() => {
    guests.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('finds text that comes in parts, once, and not text that only begins', () => {
    guests.follow(vm());
    for (const part of ['up and', ' down, up ', 'and runn']) print(part);
    expect(heard).toEqual([]);
    print('ing');
    print('up and running');
    expect(heard).toEqual(['ready 2']);
  });

  test('reads on from where the epoch begins, however long its output is', () => {
    print(`up and running${'x'.repeat(200_000)}`);
    writeEpochStart(directory, 2, 14);
    guests.follow(vm());
    expect(heard).toEqual([]);
    print(`${'y'.repeat(100_000)}up and running`);
    expect(heard).toEqual(['ready 2']);
  });

  test('where an epoch begins is kept, and else guessed no earlier than it does', () => {
    expect(readEpochStart(directory, 2)).toBe(0);
    print('first epoch');
    rotateConsole(directory, 100);
    expect(readEpochStart(directory, 2)).toBe(11);
    writeEpochStart(directory, 2, 7);
    expect(readEpochStart(directory, 2)).toBe(7);
  });

  test('is late when the time is over, by what was printed until then, and not while it is paused', () => {
    guests.follow(vm());
    vi.advanceTimersByTime(29_000);
    guests.follow(vm({ state: 'paused' }));
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual([]);
    guests.follow(vm());
    vi.advanceTimersByTime(0);
    expect(heard).toEqual(['late']);
    guests.follow(vm({ epoch: 3, awaited: { since: new Date().toISOString(), isLate: false, command: null } }));
    writeFileSync(join(directory, 'console.log'), 'up and running', { flag: 'a' });
    vi.advanceTimersByTime(30_000);
    expect(heard).toEqual(['late', 'ready 3']);
  });

  test('ends when nobody waits for the guest any more', () => {
    guests.follow(vm());
    guests.follow(vm({ awaited: null }));
    print('up and running');
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual([]);
  });

  test('brings nothing on record that is not true any more', () => {
    const now = new Date(START + 30_000);
    expect(readyFact(vm(), 2, now)).toEqual({ name: 'ready', data: { epoch: 2, tookMs: 30_000 } });
    expect([readyFact(vm(), 1, now), readyFact(vm({ awaited: null }), 2, now)]).toEqual([undefined, undefined]);
    expect(notReadyFact(vm(), now)).toEqual({ name: 'not-ready', data: { epoch: 2, afterMs: 30_000 } });
    expect(notReadyFact(vm(), new Date(START + 29_999))).toBeUndefined();
    expect(notReadyFact(vm({ state: 'paused' }), now)).toBeUndefined();
  });
});
