// A live process that does not answer, with real simulators that are halted and continued.

import { createMemoryEventLog } from '@ironlog/event-log';
import { createHypervisor, findUnder, type Observation, socketPathOf } from '@ironlog/hypervisor';
import { newVmId } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { afterEach, expect, test, vi } from 'vitest';
import { BOUND, claim, HOST, intent, TENANT, testHost } from '../host.fixture.ts';
import { Mailboxes } from '../vms/mailbox.ts';
import { VmLog } from '../vms/vm-log.ts';
import { keyOf } from '../vms/vm-table.ts';
import { HealthWatch } from './health-watch.ts';

const host = testHost();
let halted: number | undefined;
const halt = (pid: number): void => {
  process.kill(pid, 'SIGSTOP');
  halted = pid;
};
const thaw = (): void => {
  if (halted !== undefined) process.kill(halted, 'SIGCONT');
  halted = undefined;
};
afterEach(thaw);

test('a silent process makes its VM unresponsive, and an answer makes it responsive again', async () => {
  const { id, pid } = await host.made(true);
  await host.start();
  halt(pid);
  await host.until(id, 'unresponsive');
  thaw();
  await host.until(id, 'responsive');
  const [silent, back] = (await host.story(id)).slice(-2);
  expect(silent).toMatchObject({ actor: 'host-1', data: { epoch: 1 } });
  expect(back?.name === 'responsive' && silent?.name === 'unresponsive' && back.data.afterMs).toBeGreaterThan(
    silent?.name === 'unresponsive' ? silent.data.sinceMs : Number.NaN,
  );
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
}, 30_000);

test('a VM that was unresponsive under the previous executor is responsive after an answer, and recorded so once', async () => {
  const { id } = await host.made(true);
  await host.append(id, HOST, { name: 'unresponsive', data: { epoch: 1, sinceMs: 30_000 } });
  await host.start();
  await host.until(id, 'responsive');
  expect((await host.last(id))?.data).toEqual({ epoch: 1, afterMs: 0 });
});

test('a process that dies while silent has crashed', async () => {
  const { id, pid } = await host.made(true);
  await host.start();
  halt(pid);
  await host.until(id, 'unresponsive');
  halted = undefined;
  await host.kill(pid);
  await host.until(id, 'crashed');
}, 30_000);

test('a VM paused by another program has diverged', async () => {
  const { id } = await host.made(true);
  await host.start();
  const simulator = createHypervisor({ kind: 'simulator' });
  const [found] = await findUnder(host.root);
  if (!found) throw new Error('no process');
  const directory = host.directoryOf(id);
  const handle = { directory, epoch: 1, socketPath: socketPathOf(directory, 1), identity: found.identity };
  expect(await simulator.pause(handle, AbortSignal.timeout(BOUND.timeout))).toEqual({ ok: true });
  await host.until(id, 'diverged');
  expect(await host.last(id)).toMatchObject({ data: { expected: 'running', observed: 'paused' } });
  expect(await simulator.resume(handle, AbortSignal.timeout(BOUND.timeout))).toEqual({ ok: true });
  await simulator.close();
});

/** A watch of one running VM with scripted answers; no process runs. */
const watchOf = async (
  answer: () => Observation['state'],
  { lacksProcess = false, reconcile = () => undefined }: { lacksProcess?: boolean; reconcile?: () => void } = {},
) => {
  const { signal } = new AbortController();
  const log = createMemoryEventLog({ stream: host.stream });
  const id = newVmId();
  await host.append(
    id,
    HOST,
    claim(HOST, false),
    { name: 'created', data: { epoch: 0, tookMs: 1 } },
    { name: 'boot-started', data: { ...intent, epoch: 1 } },
    { name: 'booted', data: { epoch: 1, tookMs: 1 } },
  );
  const deps = { log, host: HOST, now: () => new Date(), signal, onChange: () => undefined };
  const vm = await VmLog.load(deps, { tenant: TENANT, vmId: id }, undefined);
  const runtime = createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) });
  const counts = { rounds: 0, results: 0, reconciled: 0 };
  const mailboxes = new Mailboxes();
  const watch = new HealthWatch({
    host: { host: HOST, runtime, signal },
    mailboxes,
    owned: async () => {
      counts.rounds += 1;
      return [vm];
    },
    observe: async () => {
      counts.results += 1;
      return { ok: true, state: answer() };
    },
    reconcile: async () => {
      counts.reconciled += 1;
      reconcile();
    },
    lacksProcess: () => lacksProcess,
    everyMs: 1,
  });
  return { counts, mailboxes, vm, watch };
};

test('a VM without its process, whose death no watch reported, is reconciled until that succeeds', async () => {
  const { counts, watch } = await watchOf(() => 'running', {
    lacksProcess: true,
    reconcile: () => expect.fail('no disk'),
  });
  await vi.waitFor(() => expect(counts.reconciled).toBeGreaterThan(2), BOUND);
  expect(counts.results).toBe(0);
  await watch.stop();
});

test.each([
  ['lacks its process', () => watchOf(() => 'running', { lacksProcess: true })],
  ['has diverged', () => watchOf(() => 'paused')],
])('a VM that %s and has a job in its mailbox is left to that job: no round waits for it', async (_, begin) => {
  const { counts, mailboxes, vm, watch } = await begin();
  const gate = Promise.withResolvers<void>();
  const held = mailboxes.run(keyOf({ tenant: TENANT, vmId: vm.vm.id }), () => gate.promise);
  const before = counts.rounds;
  await vi.waitFor(() => expect(counts.rounds).toBeGreaterThan(before + 20), BOUND);
  gate.resolve();
  await held;
  await vi.waitFor(() => expect(counts.reconciled).toBeGreaterThan(0), BOUND);
  await watch.stop();
});

test('a difference is reconciled once, however long it lasts and whatever other events the VM has', async () => {
  const { counts, vm, watch } = await watchOf(() => 'paused');
  await vi.waitFor(() => expect(counts.results).toBeGreaterThan(20), BOUND);
  expect(counts.reconciled).toBe(1);
  await vm.append(() => ({ fact: { name: 'responsive', data: { epoch: 1, afterMs: 0 } }, meta: { actor: 'test' } }));
  const before = counts.results;
  await vi.waitFor(() => expect(counts.results).toBeGreaterThan(before + 20), BOUND);
  expect(counts.reconciled).toBe(1);
  await watch.stop();
});

test('a difference in a single check is ignored', async () => {
  let last: Observation['state'] = 'running';
  const { counts, watch } = await watchOf(() => {
    last = last === 'running' ? 'paused' : 'running';
    return last;
  });
  await vi.waitFor(() => expect(counts.results).toBeGreaterThan(20), BOUND);
  expect(counts.reconciled).toBe(0);
  await watch.stop();
});
