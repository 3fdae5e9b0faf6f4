// A VM's one process, with real simulators: the live one, one that survived a crash, or a new one; never two.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialVm, type Vm } from '@ironlog/domain';
import { createMemoryEventLog, type MemoryStream, memoryStream, type WorkQueue } from '@ironlog/event-log';
import {
  consolePathOf,
  createHypervisor,
  findByDirectory,
  findUnder,
  type Hypervisor,
  killProcess,
  readLaunchRecord,
  removeLaunchRecord,
  socketPathOf,
} from '@ironlog/hypervisor';
import { hostId, imageId, tenantId, vmId, vmSpecSchema } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Admission } from '../commands/admission.ts';
import { ConsoleWatch } from '../console/console-watch.ts';
import { Incarnation } from '../host/incarnation.ts';
import { StateDirectory } from '../host/state-directory.ts';
import type { HostDeps } from '../host-deps.ts';
import { ImageCache } from '../images/image-cache.ts';
import { MemoryImages } from '../images/image-store.fixture.ts';
import { HypervisorProcesses } from './hypervisor-process.ts';
import { type LiveProcess, LiveProcesses, type ProcessEnd } from './live-processes.ts';

const BOUND = { timeout: 15_000 };
const HOST = hostId('host-1');
const CAPACITY = { cpus: 100, memoryMiB: 100_000, processes: 100 };
const VM: Vm = {
  ...initialVm(tenantId('acme'), vmId('vm-1')),
  owner: HOST,
  hypervisor: 'simulator',
  spec: vmSpecSchema.parse({}),
};
const { signal } = new AbortController();
/** No test here takes commands. */
const refuse = () => Promise.reject(new Error('no queue in these tests'));
const queue: WorkQueue = { probe: refuse, publish: refuse, consume: refuse, unacknowledged: refuse };

let root: string;
let stream: MemoryStream;
let simulator: Hypervisor;
let directory: string;
const executors: LiveProcesses[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  stream = memoryStream();
  simulator = createHypervisor({ kind: 'simulator' });
  directory = join(root, 'acme', 'vm-1');
  new StateDirectory(root, HOST);
  mkdirSync(directory, { recursive: true });
});
afterEach(async () => {
  for (const live of executors.splice(0)) live.release();
  await simulator.close();
  for (const { identity } of await findUnder(root)) await killProcess(identity, { graceMs: 0 });
  rmSync(root, { recursive: true, force: true });
});

/** An executor's process state; two in sequence are a restart. */
const executor = async () => {
  const log = createMemoryEventLog({ stream });
  const incarnation = new Incarnation({
    log,
    host: HOST,
    now: () => new Date(),
    signal,
    onSuperseded: () => undefined,
  });
  const hypervisors = ['simulator' as const];
  const data = { incarnation: incarnation.id, stateDirectoryId: 'one', hypervisors, capacity: CAPACITY };
  await incarnation.start({ name: 'executor-started', data });
  const listing = { id: imageId('demo'), hypervisors, default: true, description: 'a simulated guest' };
  const consoles = new ConsoleWatch({ keepBytes: 65_536, onError: (error) => expect(error).toBeUndefined() });
  onTestFinished(() => consoles.stop());
  const logger = createLogger({ service: 'test', level: 'fatal' });
  const imageCache = new ImageCache({
    store: new MemoryImages().store,
    directory: join(root, '.images'),
    maxBytes: 1,
    inUse: async () => new Set(),
    onChange: () => undefined,
    now: () => new Date(),
    logger,
    stop: signal,
  });
  const deps: HostDeps = {
    host: HOST,
    log,
    queue,
    runtime: createRuntime('test', { logger }),
    state: new StateDirectory(root, HOST),
    hypervisors: new Map([[simulator.kind, simulator]]),
    images: new Map([[listing.id, { listing, launch: {} }]]),
    imageCache,
    admission: new Admission(CAPACITY),
    incarnation,
    healthCheckMs: 0,
    whyNoNewVm: () => undefined,
    consoles,
    fail: () => undefined,
    signal,
  };
  const endings: ProcessEnd[] = [];
  const live = new LiveProcesses({
    onEnd: (_key, _process, ending) => endings.push(ending),
    onGuestPanic: () => undefined,
    onGuestReboot: () => undefined,
    onGuestStop: () => undefined,
  });
  executors.push(live);
  return { processes: new HypervisorProcesses(deps, live), live, endings };
};
type Executor = Awaited<ReturnType<typeof executor>>;

const ensure = async ({ processes }: Executor, epoch: number): Promise<LiveProcess> => {
  const ensured = await processes.ensure(VM, epoch, { signal });
  if (!ensured.ok) throw new Error(ensured.reason);
  return ensured.process;
};
const pids = async () => (await findByDirectory(directory)).map(({ identity, epoch }) => [identity.pid, epoch]);
const pidOf = ({ handle }: LiveProcess): number => handle.identity.pid;

test('two calls give one process, which the launch record names', async () => {
  const one = await executor();
  const process = await ensure(one, 1);
  expect(await ensure(one, 1)).toBe(process);
  expect(await pids()).toEqual([[pidOf(process), 1]]);
  const record = { ...process.handle.identity, epoch: 1, socketPath: join(directory, 'e1.sock') };
  expect(await readLaunchRecord(directory)).toEqual({ kind: 'record', record });
});

test('a process that survived a crash is adopted, with and without its launch record', async () => {
  const pid = pidOf(await ensure(await executor(), 1));
  const second = await executor();
  expect(pidOf(await ensure(second, 1))).toBe(pid);
  await removeLaunchRecord(directory);
  expect(pidOf(await ensure(await executor(), 1))).toBe(pid);
  expect(await pids()).toEqual([[pid, 1]]);
  expect(await readLaunchRecord(directory)).toMatchObject({ kind: 'record', record: { pid } });
});

test('a process of another epoch is ended before a new one starts', async () => {
  const pid = pidOf(await ensure(await executor(), 1));
  const next = await ensure(await executor(), 2);
  expect(pidOf(next)).not.toBe(pid);
  expect(await pids()).toEqual([[pidOf(next), 2]]);
});

test('of two live processes the wanted one is adopted and the other ended, in either order', async () => {
  const two = pidOf(await ensure(await executor(), 2));
  const paths = { directory, socketPath: socketPathOf(directory, 1), consolePath: consolePathOf(directory) };
  const spec = { cpus: 1, memoryMiB: 128 };
  const one = await simulator.spawn({ ...paths, tenant: VM.tenant, vmId: VM.id, epoch: 1, spec, image: {} });
  expect(one).toMatchObject({ ok: true });
  expect(await pids()).toHaveLength(2);
  expect(pidOf(await ensure(await executor(), 2))).toBe(two);
  expect(await pids()).toEqual([[two, 2]]);
});

test("a child's end has its exit status; an adopted process's end is detected, too, and then none lives", async () => {
  const first = await executor();
  const process = await ensure(first, 1);
  const second = await executor();
  await ensure(second, 1);
  expect([first.live.size, second.live.size]).toEqual([1, 1]);
  await killProcess(process.handle.identity, { graceMs: 0 });
  await vi.waitFor(() => expect([first.endings, second.endings].map(({ length }) => length)).toEqual([1, 1]), BOUND);
  const exit = { exitCode: null, signal: 'SIGKILL' };
  expect(first.endings).toMatchObject([{ exit, guestStopped: false, detectedBy: 'child-exit' }]);
  expect(second.endings).toMatchObject([{ exit: undefined, guestStopped: false, detectedBy: 'socket-hangup' }]);
  expect([first.processes.live(VM), second.processes.live(VM)]).toEqual([undefined, undefined]);
});

test("a guest's own stop is distinguished from a crash, however busy the executor is when the process ends", async () => {
  const one = await executor();
  const vm = { ...VM, spec: vmSpecSchema.parse({ kernelArgs: 'sim.guest-poweroff-after-ms=100' }) };
  const ensured = await one.processes.ensure(vm, 1, { signal });
  if (!ensured.ok) throw new Error(ensured.reason);
  const { handle, launch } = ensured.process;
  const deadline = AbortSignal.timeout(BOUND.timeout);
  expect(await simulator.create(handle, launch, deadline)).toEqual({ ok: true });
  expect(await simulator.boot(handle, deadline)).toEqual({ ok: true });
  const busy = setInterval(() => {
    for (const end = performance.now() + 60; performance.now() < end; );
  }, 1);
  await vi.waitFor(() => expect(one.endings).toHaveLength(1), BOUND).finally(() => clearInterval(busy));
  expect(one.endings).toMatchObject([{ exit: { exitCode: 0, signal: null }, guestStopped: true }]);
});

test('released processes live on, and their end is not reported any more', async () => {
  const process = await ensure(await executor(), 1);
  const [letGo, next] = [await executor(), await executor()];
  await ensure(letGo, 1);
  letGo.live.release();
  await ensure(next, 1);
  expect(await pids()).toEqual([[pidOf(process), 1]]);
  await killProcess(process.handle.identity, { graceMs: 0 });
  await vi.waitFor(() => expect(next.endings).toHaveLength(1), BOUND);
  expect([letGo.endings, letGo.live.size]).toEqual([[], 0]);
});

test('a superseded executor and an interrupted task start no process; a live one can be ended', async () => {
  const first = await executor();
  const second = await executor();
  await expect(first.processes.ensure(VM, 1, { signal })).rejects.toThrow('has taken over');
  expect(await second.processes.ensure(VM, 1, { signal: AbortSignal.abort() })).toMatchObject({
    ok: false,
    code: 'aborted',
  });
  expect(await pids()).toEqual([]);
  await ensure(second, 1);
  expect(await second.processes.endAll(VM)).toBe(true);
  expect(await pids()).toEqual([]);
});
