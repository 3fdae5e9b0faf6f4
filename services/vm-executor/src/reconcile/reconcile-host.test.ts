// An executor's start, with real simulators: it takes over what lives, ends what no VM owns, and records what died.
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

test('a process that lives is taken over: same pid, same epoch, no second one, nothing new on record', async () => {
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

test('a process that died while the executor was away is on record as a crash, once', async () => {
  const { id, pid } = await host.made(true);
  await host.kill(pid);
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'crashed', data: { epoch: 1, detectedBy: 'adoption' } });
  expect(existsSync(socketPathOf(host.directoryOf(id), 1))).toBe(false);
  await host.stop();
  await host.start();
  expect((await host.names(id)).filter((name) => name === 'crashed')).toHaveLength(1);
});

test('a pid that is another process by now is not taken for ours, nor touched', async () => {
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

test('while a process names its directory and tells no socket, a VM is not called dead, and nothing is removed', async () => {
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

test('a boot that was cut off goes on in the process that is there', async () => {
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
  'a %s that was cut off when its process had no VM defined yet defines it there, and goes on',
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

test('the process and the directory of a VM that the log says is deleted are gone, and it is said why', async () => {
  const { id, pid } = await host.made(true);
  const deleted: VmFact = { name: 'deleted', data: { epoch: 1 } };
  await host.append(id, HOST, { name: 'delete-started', data: { ...intent, force: true } }, deleted);
  await host.start();
  expect(await host.running()).toEqual([]);
  expect(existsSync(host.directoryOf(id))).toBe(false);
  expect(host.reaped()).toMatchObject([{ pid, directory: `${TENANT}/${id}`, reason: 'its VM is deleted' }]);
});

test("what we have not made is left, in a folder that looks like a VM's and in one that is", async () => {
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

test("so are those of another host's VM, and those that belong to no VM; a process beside the directory is not", async () => {
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
  // Another host may have been given a directory within ours.
  expect((await host.running()).map(([, directory]) => directory)).toEqual([nested]);
  const reasons = host.reaped().map(({ directory, reason }) => [directory, reason]);
  expect(reasons).toEqual([
    [`${TENANT}/${foreign}`, 'its VM is not of this host'],
    [`${TENANT}/Not_Ours`, 'its directory belongs to no VM of this host'],
  ]);
  expect(await findUnder(elsewhere)).toHaveLength(1);
});

test('a delete that was cut off when the directory was gone already is gone on with, however old the VM', async () => {
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

/** A VM that is on record as another hypervisor's, whose process lives: the host was told to use the simulator since. */
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

test("one VM's trouble keeps no other from being served: it is counted, tried again, and can be deleted", async () => {
  const { id, pid } = await host.made(true);
  const stranger = await ofAnotherHypervisor();
  // Trying again is no health check, and goes on without them.
  host.healthCheckMs = 0;
  await host.start();
  expect(await unreconciled()).toBe('1');
  await host.kill(pid);
  await host.until(id, 'crashed');
  expect(await host.send(stranger, 'delete', { params: { force: true } })).toBe('acked');
  await host.until(stranger, 'deleted');
  expect(await host.running()).toEqual([]);
  await vi.waitFor(async () => expect(await unreconciled()).toBe('0'), BOUND);
});

test('a launch record that cannot be written keeps no process from its VM', async () => {
  const { id, pid } = await host.made(true);
  // As on a full disk, which fails for root too.
  mkdirSync(`${host.directoryOf(id)}/launch.json.new`);
  await host.start();
  expect(await host.send(id, 'reboot', { params: { force: true } })).toBe('acked');
  await host.until(id, 'rebooted');
  expect((await host.running()).map(([other]) => other === pid)).toEqual([false]);
});
