// kill -9 of the worker before and after each of its side effects: each side effect still happens once (P6).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { newVmId, vmFilter } from '@ironlog/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILPOINTS } from '../failpoints.ts';
import { crashed, createVm, switchedOff, TENANT } from '../fixtures/host-1.fixture.ts';
import { type Plane, startPlane, untilVm } from '../fixtures/plane.fixture.ts';
import type { VmRef } from '../vms/vm-loader.ts';

let plane: Plane;
beforeAll(async () => {
  plane = await startPlane();
  plane.answer = async (command, host) => {
    const vm = await host.decide(command);
    const ref = { tenant: command.tenant, vmId: command.subject };
    if (vm) await host.append(ref, { name: 'booted', data: { epoch: vm.epoch } });
  };
});
afterAll(() => plane.stop());

const workerThatDies = (failpoint: string): ChildProcess => {
  const env = { ...plane.environment(), IRONLOG_FAILPOINT: failpoint };
  return spawn(process.execPath, [join(import.meta.dirname, '../main.ts')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};

const names = async (ref: VmRef): Promise<string[]> =>
  (await plane.log.readSince(vmFilter(ref.tenant, ref.vmId), 0)).flatMap(({ read }) =>
    read.ok && read.stored.kind === 'vm' ? [read.stored.event.name] : [],
  );

describe('a worker killed', () => {
  it.each(FAILPOINTS)('%s: its next start finishes the work, once', async (failpoint) => {
    const ref = { tenant: TENANT, vmId: newVmId() };
    await createVm(plane.host, ref, { restart: { policy: 'on-failure', maxAttempts: 1, backoffMs: 10 } }, true);
    const child = workerThatDies(failpoint);
    const succeeded = once(child, 'exit').then(async ([, signal]) => ({ signal, worker: await plane.startWorker() }));
    await plane.host.append(ref, crashed(1));
    await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
    await plane.host.append(ref, crashed(2));
    await untilVm(
      plane,
      ref,
      'is abandoned to an operator',
      ({ attention }) => attention?.kind === 'cleanup-abandoned',
    );
    const { signal, worker } = await succeeded;
    expect(signal).toBe('SIGKILL');
    // Its start processed the unacknowledged messages; the stop waits for that.
    await worker.stop();
    const recorded = await names(ref);
    expect(recorded.slice(4)).toEqual(['crashed', 'boot-started', 'booted', 'crashed', 'cleanup-abandoned']);
  });

  it.each(FAILPOINTS.filter((failpoint) => !failpoint.endsWith('-ack')))(
    '%s: its next start handles the stop of a guest, once',
    async (failpoint) => {
      const ref = { tenant: TENANT, vmId: newVmId() };
      await createVm(plane.host, ref, { restart: { policy: 'always', maxAttempts: 1, backoffMs: 10 } }, true);
      const child = workerThatDies(failpoint);
      const succeeded = once(child, 'exit').then(async ([, signal]) => ({ signal, worker: await plane.startWorker() }));
      await plane.host.append(ref, switchedOff(1));
      await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
      await plane.host.append(ref, switchedOff(2));
      await untilVm(
        plane,
        ref,
        'is abandoned to an operator',
        ({ attention }) => attention?.kind === 'cleanup-abandoned',
      );
      const { signal, worker } = await succeeded;
      expect(signal).toBe('SIGKILL');
      await worker.stop();
      expect((await names(ref)).slice(4)).toEqual([
        'stopped',
        'boot-started',
        'booted',
        'stopped',
        'cleanup-abandoned',
      ]);
    },
  );
});
