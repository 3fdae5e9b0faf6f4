// Reconciling one VM, with real simulators: its guest stopped by itself, it was lost, or it must have no process.
import { existsSync, readdirSync } from 'node:fs';
import { consolePathOf, createHypervisor, readLaunchRecord, socketPathOf } from '@ironlog/hypervisor';
import type { VmFact } from '@ironlog/schemas';
import { expect, test, vi } from 'vitest';
import { BOUND, HOST, TENANT, testHost } from '../host.fixture.ts';

const host = testHost();
const LOST: VmFact = { name: 'lost', data: { host: HOST, reason: 'silent' } };

test('a live process is found under any spelling of the state directory', async () => {
  const { id, pid } = await host.made(true);
  for (const path of [`${host.root}/`, `${host.root}/.`]) {
    await host.start(path);
    expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
    await host.stop();
  }
  expect((await host.last(id))?.name).toBe('booted');
});

test('a guest that switched itself off while no executor ran has stopped, and not crashed', async () => {
  const { id } = await host.made(true);
  await host.switchOff(id);
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'stopped', data: { epoch: 1, cause: 'guest' } });
});

test('so has one that did it while the log was unreachable, once the log is reachable', async () => {
  const { id } = await host.made(true);
  await host.start();
  const appended: string[] = [];
  host.appending = ({ type }) => {
    appended.push(type);
    throw new Error('the log is not reached');
  };
  await host.switchOff(id);
  await vi.waitFor(() => expect(appended).toContain('ironlog.vm.stopped.v1'), BOUND);
  await host.stop();
  host.appending = () => undefined;
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'stopped', data: { epoch: 1, cause: 'guest' } });
  expect(readdirSync(host.directoryOf(id)).filter((name) => /^e1|launch/.test(name))).toEqual([]);
});

test('the process of a stopped VM is ended, and the reason is recorded', async () => {
  const { id, pid } = await host.made(true);
  await host.append(id, HOST, { name: 'stopped', data: { epoch: 1, cause: 'guest', forced: false } });
  await host.start();
  expect(await host.running()).toEqual([]);
  expect(host.reaped()).toMatchObject([{ pid, reason: 'its VM is stopped at epoch 1' }]);
});

test("a surplus process is ended with its own socket, and the VM's process keeps its own", async () => {
  const { id, pid } = await host.made(true);
  const directory = host.directoryOf(id);
  const simulator = createHypervisor({ kind: 'simulator' });
  const paths = { directory, socketPath: socketPathOf(directory, 2), consolePath: consolePathOf(directory) };
  const launch = { tenant: TENANT, vmId: id, epoch: 2, spec: { cpus: 1, memoryMiB: 128 }, image: {}, ...paths };
  expect(await simulator.spawn(launch)).toMatchObject({ ok: true });
  await vi.waitFor(() => expect(existsSync(paths.socketPath)).toBe(true), BOUND);
  await host.start();
  expect(await host.running()).toEqual([[pid, directory, 1]]);
  expect([existsSync(socketPathOf(directory, 1)), existsSync(paths.socketPath)]).toEqual([true, false]);
  expect(await readLaunchRecord(directory)).toMatchObject({ kind: 'record', record: { pid, epoch: 1 } });
  expect(host.reaped()).toMatchObject([{ reason: 'its VM is running at epoch 1' }]);
});

test('a lost VM whose guest ran on is found running, in the same process, which is watched again', async () => {
  const { id, pid } = await host.made(true);
  await host.append(id, 'recovery', LOST);
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'found', data: { observed: 'running', epoch: 1 } });
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
  await host.kill(pid);
  await host.until(id, 'crashed');
});

test('a lost VM whose process died has crashed, and one whose guest stopped has stopped', async () => {
  const dead = await host.made(true);
  await host.append(dead.id, 'recovery', LOST);
  await host.kill(dead.pid);
  const off = await host.made(true);
  await host.append(off.id, 'recovery', LOST);
  await host.switchOff(off.id);
  await host.start();
  expect(await host.last(dead.id)).toMatchObject({ name: 'crashed', data: { detectedBy: 'adoption' } });
  expect(await host.last(off.id)).toMatchObject({ name: 'stopped', data: { cause: 'guest', epoch: 1 } });
});

test('a VM lost before its first boot is found stopped, and its process is ended', async () => {
  const { id } = await host.made(false);
  await host.append(id, 'recovery', LOST);
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'found', data: { observed: 'stopped', epoch: 0 } });
  expect(await host.running()).toEqual([]);
});

test('an executor that lived on without heartbeats finds its lost VM by itself', async () => {
  const { id, pid } = await host.made(true);
  await host.start();
  await host.append(id, 'recovery', LOST);
  // It may already be responsive as well.
  await vi.waitFor(async () => expect(await host.names(id)).toContain('found'), BOUND);
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
  await host.kill(pid);
  await host.until(id, 'crashed');
  expect((await host.names(id)).filter((name) => name === 'crashed')).toHaveLength(1);
});
