// What a dead process means for its VM: one crash or one guest stop, and nothing for a process of another epoch or task.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryEventLog } from '@ironlog/event-log';
import { hostId, newCommandId, tenantId, type VmFact, vmFilter, vmId, vmSpecSchema } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StateDirectory } from '../host/state-directory.ts';
import type { HostDeps } from '../host-deps.ts';
import { VmLog } from '../vms/vm-log.ts';
import { type Death, recordDeath } from './deaths.ts';

const HOST = hostId('host-1');
const REF = { tenant: tenantId('acme'), vmId: vmId('vm-1') };
const SOON = new Date(Date.now() + 600_000).toISOString();
const request = { verb: 'boot', door: 'http', requestedAt: SOON, startBy: SOON, bodyHash: 'a'.repeat(64) } as const;
const CLAIMED: VmFact = {
  name: 'claimed',
  data: { request, deadline: SOON, host: HOST, hypervisor: 'simulator', spec: vmSpecSchema.parse({}), start: false },
};
const CREATED: VmFact = { name: 'created', data: { epoch: 0 } };
const BOOTING: VmFact = { name: 'boot-started', data: { request, deadline: SOON, epoch: 1 } };
const BOOTED: VmFact = { name: 'booted', data: { epoch: 1 } };
const PAUSING: VmFact = { name: 'pause-started', data: { request, deadline: SOON } };
const RUNNING = [CLAIMED, CREATED, BOOTING, BOOTED];

let root: string;
let deps: Pick<HostDeps, 'host' | 'runtime' | 'state'>;
let socket: string;
const log = createMemoryEventLog();
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  const runtime = createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) });
  deps = { host: HOST, runtime, state: new StateDirectory(root, HOST) };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

let vms = 0;
const vmAfter = async (facts: readonly VmFact[]): Promise<VmLog> => {
  vms += 1;
  const ref = { ...REF, vmId: vmId(`vm-${vms}`) };
  const directory = deps.state.directoryOf(ref);
  mkdirSync(directory, { recursive: true });
  socket = join(directory, 'e1.sock');
  writeFileSync(socket, '');
  const { signal } = new AbortController();
  const vm = await VmLog.load(
    { log, host: HOST, now: () => new Date(), signal, onChange: () => undefined },
    ref,
    undefined,
  );
  let cause = newCommandId();
  for (const fact of facts) {
    if (fact.name.endsWith('-started')) cause = newCommandId();
    await vm.append(() => ({ fact, meta: { actor: 'test', causationid: cause, correlationid: cause } }));
  }
  return vm;
};
const record = (vm: VmLog, death: Death) => recordDeath(deps as HostDeps, vm, death);
const last = async ({ vm }: VmLog) => {
  const read = (await log.readSince(vmFilter(vm.tenant, vm.id), 0)).at(-1)?.read;
  return read?.ok && read.stored.kind === 'vm' ? read.stored.event : undefined;
};

const killed = { exit: { exitCode: null, signal: 'SIGKILL' }, guestStopped: false, detectedBy: 'child-exit' } as const;
const gone = { exit: undefined, guestStopped: false, detectedBy: 'socket-hangup' } as const;
const death = (epoch: number, processEnd: Omit<Death['processEnd'], 'detectedAt'> = killed): Death => ({
  epoch,
  processEnd: { ...processEnd, detectedAt: performance.now() },
});

test.each([
  [killed, { reason: 'the hypervisor process ended with SIGKILL', signal: 'SIGKILL', exitCode: null }],
  [
    { ...killed, exit: { exitCode: 3, signal: null } },
    { reason: 'the hypervisor process ended with status 3', signal: null, exitCode: 3 },
  ],
  [gone, { reason: 'the hypervisor process is gone', detectedBy: 'socket-hangup' }],
])('a running VM has crashed, and the event records how: %j', async (processEnd, expected) => {
  const vm = await vmAfter(RUNNING);
  await record(vm, death(1, processEnd));
  expect(await last(vm)).toMatchObject({
    name: 'crashed',
    actor: 'host-1',
    data: { epoch: 1, residue: [], ...expected },
  });
  expect(vm.vm.state).toBe('failed');
  expect(existsSync(socket)).toBe(false);
  const text = await deps.runtime.metrics.text();
  expect(text).toMatch(new RegExp(`ironlog_crashes_total\\{origin="${processEnd.detectedBy}".*\\} 1\n`));
});

test('a guest that switched itself off has stopped, and not crashed', async () => {
  const vm = await vmAfter(RUNNING);
  await record(vm, death(1, { ...killed, exit: { exitCode: 0, signal: null }, guestStopped: true }));
  expect(await last(vm)).toMatchObject({
    name: 'stopped',
    data: { epoch: 1, cause: 'guest', forced: false, exitCode: 0 },
  });
  expect(vm.vm.state).toBe('stopped');
});

test('a VM before its first boot has no guest that could stop: its process, of epoch 1, has crashed', async () => {
  const vm = await vmAfter([CLAIMED, CREATED]);
  await record(vm, death(1, { ...killed, guestStopped: true }));
  expect(await last(vm)).toMatchObject({ name: 'crashed', data: { epoch: 0 } });
});

test('one death is one crash, though it is detected twice', async () => {
  const vm = await vmAfter(RUNNING);
  await Promise.all([record(vm, death(1)), record(vm, death(1, gone))]);
  expect(vm.vm.revision).toBe(RUNNING.length + 1);
});

test.each([
  ['of an epoch before', RUNNING, 0],
  ['of an epoch to come', RUNNING, 2],
  ['during a task, which detects it itself', [...RUNNING, PAUSING], 1],
  ['of a VM that has stopped', [...RUNNING, { name: 'stopped', data: { epoch: 1, cause: 'guest', forced: false } }], 1],
] as [string, VmFact[], number][])('a death is no event %s', async (_, facts, epoch) => {
  const vm = await vmAfter(facts);
  await record(vm, death(epoch));
  expect(vm.vm.revision).toBe(facts.length);
  expect(existsSync(socket)).toBe(true);
});
