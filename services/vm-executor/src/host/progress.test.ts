// The host's progress in the log: written while it runs, and never past a claim that a crash would then hide.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createMemoryEventLog } from '@ironlog/event-log';
import { hostId, newCommandId, newVmId, type VmFact } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Admission } from '../commands/admission.ts';
import { BOUND, claim, HOST, intent, TENANT, testHost } from '../host.fixture.ts';
import { VmTable } from '../vms/vm-table.ts';
import { Progress } from './progress.ts';
import { StateDirectory } from './state-directory.ts';

const host = testHost();
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-progress-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const table = () => {
  const log = createMemoryEventLog({ stream: host.stream });
  const state = new StateDirectory(root, HOST);
  const runtime = createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) });
  const admission = new Admission({ cpus: 100, memoryMiB: 100_000, processes: 100 });
  const vms = new VmTable({ log, host: HOST, state, runtime, admission, signal: new AbortController().signal });
  return { log, state, vms };
};
const created: VmFact = { name: 'created', data: { epoch: 0 } };
const otherHostIsBusy = () => host.append(newVmId(), hostId('host-2'), claim(hostId('host-2'), false), created);

test('it is written while the executor runs, and not at its start alone', async () => {
  const { log, state, vms } = table();
  const progress = new Progress({ log, state, vms, everyMs: 5, onError: (error) => expect.fail(String(error)) });
  await otherHostIsBusy();
  await vi.waitFor(() => expect(new StateDirectory(root, HOST).host).toMatchObject({ scannedTo: 2 }), BOUND);
  await otherHostIsBusy();
  await vi.waitFor(() => expect(new StateDirectory(root, HOST).host.log).toMatchObject({ lastSequence: 4 }), BOUND);
  await progress.stop();
});

test('a claim whose directory is not made yet is read again by the next start', async () => {
  const { log, state, vms } = table();
  const id = newVmId();
  await otherHostIsBusy();
  await host.append(id, HOST, claim(HOST, false));
  await vms.get({ tenant: TENANT, vmId: id });
  await otherHostIsBusy();
  const progress = new Progress({ log, state, vms, onError: (error) => expect.fail(String(error)) });
  await progress.keep();
  expect(state.host).toMatchObject({ scannedTo: 2, log: { lastSequence: 5 } });
  mkdirSync(state.directoryOf({ tenant: TENANT, vmId: id }), { recursive: true });
  await progress.keep();
  expect(state.host).toMatchObject({ scannedTo: 5 });
  await progress.stop();
});

test('a claim that ended without a directory holds up nothing', async () => {
  const { log, state, vms } = table();
  const id = newVmId();
  const failed = { epoch: 0, stage: 'directory', code: 'failed', reason: 'no room', retryable: true, residue: [] };
  await host.append(id, HOST, claim(HOST, false), { name: 'create-failed', data: failed });
  await vms.get({ tenant: TENANT, vmId: id });
  const progress = new Progress({ log, state, vms, onError: (error) => expect.fail(String(error)) });
  await progress.keep();
  expect(state.host).toMatchObject({ scannedTo: 2 });
  await progress.stop();
});

test('an append without an answer yet is waited for', async () => {
  const { log, state, vms } = table();
  const answered = Promise.withResolvers<void>();
  const { append } = log;
  log.append = async (request) => {
    const result = await append(request);
    await answered.promise;
    return result;
  };
  const vm = await vms.get({ tenant: TENANT, vmId: newVmId() });
  const progress = new Progress({ log, state, vms, onError: (error) => expect.fail(String(error)) });
  const cause = newCommandId();
  const meta = { actor: 'test', causationid: cause, correlationid: cause };
  const appended = vm.append(() => ({ fact: claim(HOST, false), meta }));
  await vi.waitFor(() => expect(host.stream.entries).toHaveLength(1), BOUND);
  const kept = progress.keep();
  // Waits for as long as it would continue without the answer.
  await Promise.race([kept, setImmediate()]);
  expect(state.host.scannedTo).toBe(0);
  answered.resolve();
  await Promise.all([appended, kept]);
  expect(state.host).toMatchObject({ scannedTo: 0, log: { lastSequence: 1 } });
  await progress.stop();
});

test('a delete, which removes its directory before its outcome is appended, is read again until then', async () => {
  const { log, state, vms } = table();
  const id = newVmId();
  const ref = { tenant: TENANT, vmId: id };
  await host.append(id, HOST, claim(HOST, false), created);
  mkdirSync(state.directoryOf(ref), { recursive: true });
  const vm = await vms.get(ref);
  const progress = new Progress({ log, state, vms, onError: (error) => expect.fail(String(error)) });
  await progress.keep();
  expect(state.host).toMatchObject({ scannedTo: 2 });
  const meta = { actor: 'test', causationid: newCommandId() };
  await vm.append(() => ({ fact: { name: 'delete-started', data: { ...intent, force: true } }, meta }));
  await otherHostIsBusy();
  await progress.keep();
  expect(state.host).toMatchObject({ scannedTo: 2 });
  // The next executor, which finds it in flight, does not pass it either.
  vms.flush();
  const next = table();
  await next.vms.get(ref);
  const nexts = new Progress({ ...next, onError: (error) => expect.fail(String(error)) });
  await nexts.keep();
  expect(next.state.host).toMatchObject({ scannedTo: 2 });
  await vm.append(() => ({ fact: { name: 'deleted', data: { epoch: 0 } }, meta }));
  await progress.keep();
  expect(state.host).toMatchObject({ scannedTo: 6 });
  await Promise.all([progress.stop(), nexts.stop()]);
});
