// An executor's start, with real simulators: it adopts live processes, reaps unowned ones, and records dead ones.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  consolePathOf,
  createHypervisor,
  findUnder,
  killProcess,
  readLaunchRecord,
  socketPathOf,
  writeLaunchRecord,
} from '@ironlog/hypervisor';
import { hostId, newVmId, type VmFact } from '@ironlog/schemas';
import { afterEach, expect, test, vi } from 'vitest';
import { BOUND, claim, HOST, intent, TENANT, testHost } from '../host.fixture.ts';

const host = testHost();
let bystander: ChildProcess | undefined;
afterEach(async () => {
  for (const { identity } of await findUnder(`${host.root}-beside`)) await killProcess(identity, { graceMs: 0 });
  rmSync(`${host.root}-beside`, { recursive: true, force: true });
  bystander?.kill('SIGKILL');
  bystander = undefined;
});

test('a live process is adopted: same pid, same epoch, no second process, no new event', async () => {
  const { id, pid } = await host.made(true);
  const before = await host.names(id);
  expect(before).toEqual(['claimed', 'created', 'boot-started', 'booted']);
  await host.start();
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
  expect(await host.names(id)).toEqual(before);
  await host.kill(pid);
  await host.until(id, 'crashed');
  expect(await host.last(id)).toMatchObject({ data: { epoch: 1, detectedBy: 'socket-hangup' } });
});

test('a process that died while no executor ran is recorded as one crash', async () => {
  const { id, pid } = await host.made(true);
  await host.kill(pid);
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'crashed', data: { epoch: 1, detectedBy: 'adoption' } });
  expect(existsSync(socketPathOf(host.directoryOf(id), 1))).toBe(false);
  await host.stop();
  await host.start();
  expect((await host.names(id)).filter((name) => name === 'crashed')).toHaveLength(1);
});

test('a reused pid is not taken for ours, nor touched', async () => {
  const { id, pid } = await host.made(true);
  await host.kill(pid);
  bystander = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'inherit'] });
  await once(bystander, 'spawn');
  const read = await readLaunchRecord(host.directoryOf(id));
  if (read.kind !== 'record') throw new Error(`no launch record: ${read.kind}`);
  await writeLaunchRecord(host.directoryOf(id), { ...read.record, pid: Number(bystander.pid) });
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'crashed', data: { detectedBy: 'adoption' } });
  expect(host.reaped()).toEqual([]);
  expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
});

test('a VM is not recorded as dead, and nothing is removed, while a process without a known socket names its directory', async () => {
  const { id, pid } = await host.made(true);
  const directory = host.directoryOf(id);
  await host.kill(pid);
  const argv = ['-e', 'process.stdin.resume()', '--', '--listen', `url=${directory}/e1.sock`];
  bystander = spawn(process.execPath, argv, { stdio: ['pipe', 'ignore', 'inherit'] });
  await once(bystander, 'spawn');
  await host.start();
  expect(await host.names(id)).toEqual(['claimed', 'created', 'boot-started', 'booted']);
  await host.send(id, 'delete', { params: { force: true } });
  await host.until(id, 'delete-failed');
  expect(await host.last(id)).toMatchObject({ data: { residue: ['process', 'socket', 'directory'] } });
  expect(bystander.exitCode).toBeNull();
  const ended = once(bystander, 'exit');
  bystander.kill('SIGKILL');
  await ended;
  await host.send(id, 'delete');
  await host.until(id, 'deleted');
});

test('an interrupted boot continues in the existing process', async () => {
  const { id, pid } = await host.made(false);
  await host.append(id, HOST, { name: 'boot-started', data: { ...intent, epoch: 1 } });
  await host.start();
  await host.until(id, 'booted');
  expect(await host.last(id)).toMatchObject({ data: { epoch: 1, pid } });
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
});

test.each([
  ['boot', { name: 'boot-started', data: { ...intent, epoch: 2 } }, 'booted'],
  ['reboot', { name: 'reboot-started', data: { ...intent, epoch: 2, force: true, timeoutSeconds: 1 } }, 'rebooted'],
] as [string, VmFact, string][])(
  'a %s that was interrupted before its VM was defined in the process defines it there, and continues',
  async (verb, begun, last) => {
    const { id, pid } = await host.made(true);
    await host.kill(pid);
    if (verb === 'boot')
      await host.append(id, HOST, { name: 'stopped', data: { epoch: 1, cause: 'guest', forced: false } });
    await host.append(id, HOST, begun);
    const directory = host.directoryOf(id);
    const paths = { directory, socketPath: socketPathOf(directory, 2), consolePath: consolePathOf(directory) };
    const launch = { tenant: TENANT, vmId: id, epoch: 2, spec: { cpus: 1, memoryMiB: 128 }, image: {}, ...paths };
    const left = await createHypervisor({ kind: 'simulator' }).spawn(launch);
    await host.start();
    await host.until(id, last);
    expect(await host.running()).toEqual([[left.ok && left.process.identity.pid, directory, 2]]);
  },
);

test('the process and the directory of a deleted VM are removed, and the reason is recorded', async () => {
  const { id, pid } = await host.made(true);
  const deleted: VmFact = { name: 'deleted', data: { epoch: 1 } };
  await host.append(id, HOST, { name: 'delete-started', data: { ...intent, force: true } }, deleted);
  await host.start();
  expect(await host.running()).toEqual([]);
  expect(existsSync(host.directoryOf(id))).toBe(false);
  expect(host.reaped()).toMatchObject([{ pid, directory: `${TENANT}/${id}`, reason: 'its VM is deleted' }]);
});

test("foreign files are left, in a foreign folder and in a VM's own", async () => {
  const { id, pid } = await host.made(true);
  const deleted: VmFact = { name: 'deleted', data: { epoch: 1 } };
  await host.append(id, HOST, { name: 'delete-started', data: { ...intent, force: true } }, deleted);
  const notes = join(host.directoryOf(id), 'notes.txt');
  const thesis = join(host.root, 'home', 'docs', 'thesis.txt');
  mkdirSync(dirname(thesis), { recursive: true });
  for (const file of [notes, thesis]) writeFileSync(file, 'of great value');
  await host.start();
  expect(host.reaped()).toMatchObject([{ pid, reason: 'its VM is deleted' }]);
  expect(await host.running()).toEqual([]);
  for (const file of [notes, thesis]) expect(readFileSync(file, 'utf8')).toBe('of great value');
});

test("processes of another host's VM and of no VM are ended; one outside the directory is not", async () => {
  const foreign = newVmId();
  await host.append(foreign, hostId('host-2'), claim(hostId('host-2'), false));
  await host.start();
  await host.stop();
  const simulator = createHypervisor({ kind: 'simulator' });
  const elsewhere = `${host.root}-beside`;
  const nested = join(host.root, 'host-2', TENANT, 'vm-1');
  for (const directory of [host.directoryOf(foreign), host.directoryOf('Not_Ours'), elsewhere, nested]) {
    mkdirSync(directory, { recursive: true });
    const paths = { directory, socketPath: socketPathOf(directory, 1), consolePath: consolePathOf(directory) };
    const spec = { cpus: 1, memoryMiB: 128 };
    const spawned = await simulator.spawn({ ...paths, tenant: TENANT, vmId: foreign, epoch: 1, spec, image: {} });
    expect(spawned).toMatchObject({ ok: true });
  }
  await host.start();
  // Another host may have a directory within ours.
  expect((await host.running()).map(([, directory]) => directory)).toEqual([nested]);
  const reasons = host.reaped().map(({ directory, reason }) => [directory, reason]);
  expect(reasons).toEqual([
    [`${TENANT}/${foreign}`, 'its VM is not of this host'],
    [`${TENANT}/Not_Ours`, 'its directory belongs to no VM of this host'],
  ]);
  expect(await findUnder(elsewhere)).toHaveLength(1);
});

test('a delete interrupted after its directory was removed is continued, however old the VM', async () => {
  const { id } = await host.made(false);
  await host.start();
  await host.stop();
  await host.append(id, HOST, { name: 'delete-started', data: { ...intent, force: true } });
  const [[pid] = []] = await host.running();
  await host.kill(Number(pid));
  rmSync(host.directoryOf(id), { recursive: true });
  await host.start();
  await host.until(id, 'deleted');
});

/** A VM recorded with another hypervisor, whose process lives: the host was reconfigured to the simulator. */
const ofAnotherHypervisor = async () => {
  const id = newVmId();
  const claimed = claim(HOST, false);
  if (claimed.name !== 'claimed') throw new Error('no claim');
  await host.append(
    id,
    HOST,
    { ...claimed, data: { ...claimed.data, hypervisor: 'qemu' } },
    { name: 'created', data: { epoch: 0 } },
  );
  const directory = host.directoryOf(id);
  mkdirSync(directory, { recursive: true });
  const paths = { directory, socketPath: socketPathOf(directory, 1), consolePath: consolePathOf(directory) };
  const launch = { ...paths, tenant: TENANT, vmId: id, epoch: 1, spec: { cpus: 1, memoryMiB: 128 }, image: {} };
  expect(await createHypervisor({ kind: 'simulator' }).spawn(launch)).toMatchObject({ ok: true });
  return id;
};
const unreconciled = async () => /unsettled_vms\{.*\} (\d+)/.exec(await host.metrics.text())?.[1];

test('a VM that cannot be reconciled delays no other: it is counted, retried, and can be deleted', async () => {
  const { id, pid } = await host.made(true);
  const unreconcilable = await ofAnotherHypervisor();
  // Retries are independent of health checks.
  host.healthCheckMs = 0;
  await host.start();
  expect(await unreconciled()).toBe('1');
  await host.kill(pid);
  await host.until(id, 'crashed');
  expect(await host.send(unreconcilable, 'delete', { params: { force: true } })).toBe('acked');
  await host.until(unreconcilable, 'deleted');
  expect(await host.running()).toEqual([]);
  await vi.waitFor(async () => expect(await unreconciled()).toBe('0'), BOUND);
});

test('an unwritable launch record does not fail a VM', async () => {
  const { id, pid } = await host.made(true);
  // As on a full disk; this fails for root, too.
  mkdirSync(`${host.directoryOf(id)}/launch.json.new`);
  await host.start();
  expect(await host.send(id, 'reboot', { params: { force: true } })).toBe('acked');
  await host.until(id, 'rebooted');
  expect((await host.running()).map(([other]) => other === pid)).toEqual([false]);
});
