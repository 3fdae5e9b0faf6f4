// A guest that is off while its process lives, as with QEMU: the process is ended once the stop is recorded, not
// before.
import { readdirSync } from 'node:fs';
import type { ProcessEvent } from '@ironlog/hypervisor';
import { expect, test, vi } from 'vitest';
import { BOUND, testHost } from '../host.fixture.ts';

const host = testHost();

test('while the executor watches, the stop is recorded, then the process is ended', async () => {
  let report: ((event: ProcessEvent) => void) | undefined;
  host.driver = (simulator) => ({
    ...simulator,
    watch: (handle, onEvent) => {
      report = onEvent;
      return simulator.watch(handle, onEvent);
    },
  });
  const { id, pid } = await host.made(true);
  await host.start();
  const gate = Promise.withResolvers<void>();
  const asked: string[] = [];
  host.appending = ({ type }) => {
    asked.push(type);
    return type === 'ironlog.vm.stopped.v1' ? gate.promise : undefined;
  };
  report?.({ kind: 'guest-stopped', processStays: true });
  await vi.waitFor(() => expect(asked).toContain('ironlog.vm.stopped.v1'), BOUND);
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
  gate.resolve();
  await host.until(id, 'stopped');
  expect(await host.last(id)).toMatchObject({ data: { epoch: 1, cause: 'guest', forced: false } });
  await vi.waitFor(async () => expect(await host.running()).toEqual([]), BOUND);
  expect(readdirSync(host.directoryOf(id)).filter((name) => /^e1|launch/.test(name))).toEqual([]);
});

test('a stop while a command is being accepted is recorded after the command has failed because of it', async () => {
  let report: ((event: ProcessEvent) => void) | undefined;
  let isOff = false;
  host.driver = (simulator) => ({
    ...simulator,
    observe: async (handle, deadline) =>
      isOff ? { ok: true, state: 'shutdown' } : simulator.observe(handle, deadline),
    watch: (handle, onEvent) => {
      report = onEvent;
      return simulator.watch(handle, onEvent);
    },
  });
  host.healthCheckMs = 0;
  const { id } = await host.made(true, { kernelArgs: 'sim.fail=vm.pause' });
  await host.start();
  host.appending = async ({ type }) => {
    if (type !== 'ironlog.vm.pause-started.v1') return;
    isOff = true;
    report?.({ kind: 'guest-stopped', processStays: true });
    // Until the stop was handled and left to the pause.
    await new Promise((resolve) => setTimeout(resolve, 200));
  };
  await host.send(id, 'pause');
  await host.until(id, 'stopped');
  expect((await host.names(id)).slice(-3)).toEqual(['pause-started', 'pause-failed', 'stopped']);
  await vi.waitFor(async () => expect(await host.running()).toEqual([]), BOUND);
});

test('an executor that cannot record the stop leaves the process to the next one', async () => {
  const { id, pid } = await host.made(true);
  host.driver = (simulator) => ({ ...simulator, observe: async () => ({ ok: true, state: 'shutdown' }) });
  host.appending = ({ type }) => {
    if (type === 'ironlog.vm.stopped.v1') throw new Error('the log is not reached');
  };
  await host.start();
  await host.stop();
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
  host.appending = () => undefined;
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'stopped', data: { epoch: 1, cause: 'guest' } });
  expect(host.reaped()).toMatchObject([{ pid, reason: 'its guest has switched itself off' }]);
  expect(await host.running()).toEqual([]);
});
