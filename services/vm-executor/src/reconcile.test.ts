// An executor's start, with real simulators: it takes over what lives, ends what no VM owns, and records what died.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vm } from '@ironlog/domain';
import { createMemoryEventLog, memoryStream, type WorkQueue } from '@ironlog/event-log';
import {
  consolePathOf,
  createHypervisor,
  findUnder,
  killProcess,
  readLaunchRecord,
  socketPathOf,
  writeLaunchRecord,
} from '@ironlog/hypervisor';
import {
  type HostId,
  hostId,
  imageId,
  newCommandId,
  newVmId,
  tenantId,
  type VmFact,
  vmFilter,
  vmSpecSchema,
} from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Admission } from './admission.ts';
import { Executor } from './executor.ts';
import { Incarnation } from './incarnation.ts';
import { StateDirectory } from './state-directory.ts';
import { VmLog } from './vm-log.ts';

const BOUND = { timeout: 15_000 };
const HOST = hostId('host-1');
const TENANT = tenantId('acme');
const CAPACITY = { cpus: 100, memoryMiB: 100_000, processes: 100 };
const SOON = new Date(Date.now() + 600_000).toISOString();
const request = { verb: 'boot', door: 'http', requestedAt: SOON, startBy: SOON, bodyHash: 'a'.repeat(64) } as const;
const intent = { request, deadline: SOON };
/** Commands are not what these tests are about: none comes. */
const queue: WorkQueue = {
  publish: () => Promise.reject(new Error('nothing is published')),
  consume: async ({ signal }) => void (await once(signal, 'abort')),
  unacknowledged: async () => [],
};

let root: string;
let stream = memoryStream();
let stop: () => Promise<void>;
let bystander: ChildProcess | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  stream = memoryStream();
  stop = async () => undefined;
});
afterEach(async () => {
  await stop();
  for (const { identity } of [...(await findUnder(root)), ...(await findUnder(`${root}-beside`))])
    await killProcess(identity, { graceMs: 0 });
  rmSync(`${root}-beside`, { recursive: true, force: true });
  bystander?.kill('SIGKILL');
  bystander = undefined;
  rmSync(root, { recursive: true, force: true });
});

const startExecutor = async (): Promise<void> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const [log, state] = [createMemoryEventLog({ stream }), new StateDirectory(root)];
  const incarnation = new Incarnation({ log, host: HOST, signal, onSuperseded: () => undefined });
  const simulator = createHypervisor({ kind: 'simulator' });
  const hypervisors = ['simulator' as const];
  const listing = { id: imageId('demo'), hypervisors, default: true, description: 'a simulated guest' };
  const runtime = createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) });
  const images = new Map([[listing.id, { listing, launch: {} }]]);
  const admission = new Admission(CAPACITY);
  const shared = { host: HOST, log, queue, runtime, state, images, admission, incarnation, signal };
  const drivers = new Map([[simulator.kind, simulator]]);
  const executor = new Executor({ ...shared, hypervisors: drivers, fail: () => undefined });
  stop = async () => {
    stopping.abort();
    await executor.stop();
    await simulator.close();
    stop = async () => undefined;
  };
  const data = { incarnation: incarnation.id, stateDirectoryId: 'one', hypervisors, capacity: CAPACITY };
  await incarnation.start({ name: 'executor-started', data });
  await executor.start();
};

/** What the log says, written as its owner writes it; intents begin a command, what follows ends it. */
const say = async (id: Vm['id'], host: HostId, ...facts: VmFact[]): Promise<void> => {
  const deps = { log: createMemoryEventLog({ stream }), host, now: () => new Date(), onChange: () => undefined };
  const { signal } = new AbortController();
  const vm = await VmLog.load({ ...deps, signal }, { tenant: TENANT, vmId: id }, undefined);
  for (const fact of facts) {
    const cause = fact.name === 'claimed' || fact.name.endsWith('-started') ? newCommandId() : vm.vm.task?.commandId;
    const meta = cause === undefined ? { actor: 'test' } : { actor: 'test', causationid: cause, correlationid: cause };
    await vm.append(() => ({ fact, meta }));
  }
};
const story = async (id: Vm['id']) =>
  (await createMemoryEventLog({ stream }).readSince(vmFilter(TENANT, id), 0)).flatMap(({ read }) =>
    read.ok && read.stored.kind === 'vm' ? [read.stored.event] : [],
  );
const names = async (id: Vm['id']) => (await story(id)).map(({ name }) => name);
const reaped = () =>
  stream.entries.flatMap(({ read }) =>
    read.ok && read.stored.kind === 'host' && read.stored.event.name === 'reaped' ? [read.stored.event.data] : [],
  );
const directoryOf = (id: string): string => join(root, TENANT, id);
const claim = (host: HostId, start: boolean): VmFact => ({
  name: 'claimed',
  data: { ...intent, host, hypervisor: 'simulator', spec: vmSpecSchema.parse({}), start },
});
const running = async () =>
  (await findUnder(root)).map(({ identity, directory, epoch }) => [identity.pid, directory, epoch]);
const until = (id: Vm['id'], last: string) =>
  vi.waitFor(async () => expect((await names(id)).at(-1)).toBe(last), BOUND);

/** A claim that an executor before this one left is all that this one finds: it goes on from there. */
const made = async (start: boolean) => {
  const id = newVmId();
  await say(id, HOST, claim(HOST, start));
  await startExecutor();
  await until(id, start ? 'booted' : 'created');
  const [[pid, directory] = []] = await running();
  await stop();
  expect(directory).toBe(directoryOf(id));
  return { id, pid: Number(pid) };
};
const killed = async (pid: number): Promise<void> => {
  for (const { identity } of await findUnder(root))
    if (identity.pid === pid) expect(await killProcess(identity, { graceMs: 0 })).toMatchObject({ kind: 'dead' });
};

test('a process that lives is taken over: same pid, same epoch, no second one, nothing new on record', async () => {
  const { id, pid } = await made(true);
  const before = await names(id);
  expect(before).toEqual(['claimed', 'created', 'boot-started', 'booted']);
  await startExecutor();
  expect(await running()).toEqual([[pid, directoryOf(id), 1]]);
  expect(await names(id)).toEqual(before);
  await killed(pid);
  await until(id, 'crashed');
  expect((await story(id)).at(-1)).toMatchObject({ data: { epoch: 1, detectedBy: 'socket-hangup' } });
});

test('a process that died while the executor was away is on record as a crash, once', async () => {
  const { id, pid } = await made(true);
  await killed(pid);
  await startExecutor();
  expect((await story(id)).at(-1)).toMatchObject({ name: 'crashed', data: { epoch: 1, detectedBy: 'adoption' } });
  expect(existsSync(socketPathOf(directoryOf(id), 1))).toBe(false);
  await stop();
  await startExecutor();
  expect((await names(id)).filter((name) => name === 'crashed')).toHaveLength(1);
});

test('a pid that is another process by now is not taken for ours, nor touched', async () => {
  const { id, pid } = await made(true);
  await killed(pid);
  bystander = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'inherit'] });
  await once(bystander, 'spawn');
  const read = await readLaunchRecord(directoryOf(id));
  if (read.kind !== 'record') throw new Error(`no launch record: ${read.kind}`);
  await writeLaunchRecord(directoryOf(id), { ...read.record, pid: Number(bystander.pid) });
  await startExecutor();
  expect((await story(id)).at(-1)).toMatchObject({ name: 'crashed', data: { detectedBy: 'adoption' } });
  expect(reaped()).toEqual([]);
  expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
});

test('a boot that was cut off goes on in the process that is there', async () => {
  const { id, pid } = await made(false);
  await say(id, HOST, { name: 'boot-started', data: { ...intent, epoch: 1 } });
  await startExecutor();
  await until(id, 'booted');
  expect((await story(id)).at(-1)).toMatchObject({ data: { epoch: 1, pid } });
  expect(await running()).toEqual([[pid, directoryOf(id), 1]]);
});

test('the process and the directory of a VM that the log says is deleted are gone, and it is said why', async () => {
  const { id, pid } = await made(true);
  const deleted: VmFact = { name: 'deleted', data: { epoch: 1 } };
  await say(id, HOST, { name: 'delete-started', data: { ...intent, force: true } }, deleted);
  await startExecutor();
  expect(await running()).toEqual([]);
  expect(existsSync(directoryOf(id))).toBe(false);
  expect(reaped()).toMatchObject([{ pid, directory: directoryOf(id), reason: 'its VM is deleted' }]);
});

test("so are those of another host's VM, and those that belong to no VM; a process beside the directory is not", async () => {
  const foreign = newVmId();
  await say(foreign, hostId('host-2'), claim(hostId('host-2'), false));
  const simulator = createHypervisor({ kind: 'simulator' });
  const elsewhere = `${root}-beside`;
  for (const directory of [directoryOf(foreign), directoryOf('Not_Ours'), elsewhere]) {
    mkdirSync(directory, { recursive: true });
    const paths = { directory, socketPath: socketPathOf(directory, 1), consolePath: consolePathOf(directory) };
    const spec = { cpus: 1, memoryMiB: 128 };
    const spawned = await simulator.spawn({ ...paths, tenant: TENANT, vmId: foreign, epoch: 1, spec, image: {} });
    expect(spawned).toMatchObject({ ok: true });
  }
  await startExecutor();
  expect(await running()).toEqual([]);
  const reasons = reaped().map(({ directory, reason }) => [directory, reason]);
  expect(reasons).toEqual([
    [directoryOf(foreign), 'its VM is not of this host'],
    [directoryOf('Not_Ours'), 'its directory belongs to no VM of this host'],
  ]);
  expect(await findUnder(elsewhere)).toHaveLength(1);
});
