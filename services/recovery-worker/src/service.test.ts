import type { Vm } from '@ironlog/domain';
import { recoveryConsumer } from '@ironlog/event-log';
import { until } from '@ironlog/event-log/testing';
import { executorUser } from '@ironlog/infra';
import {
  type CommandId,
  derivedCommandId,
  hostFilter,
  newVmId,
  parseEventSubject,
  type VmEvent,
  type VmFact,
  vmEventSubject,
  vmFilter,
  type WorkCommand,
} from '@ironlog/schemas';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  crashed,
  createVm,
  failed,
  HOST,
  type Host1,
  requestOf,
  switchedOff,
  TENANT,
} from './fixtures/host-1.fixture.ts';
import { decideOnly, type Plane, startPlane, untilVm } from './fixtures/plane.fixture.ts';
import { newTraceparent, traceIdOf } from './fixtures/trace.fixture.ts';
import type { RecoveryService } from './service.ts';
import type { VmRef } from './vms/vm-loader.ts';

let plane: Plane;
let worker: RecoveryService;
let ref: VmRef;

beforeAll(async () => {
  plane = await startPlane();
  worker = await plane.startWorker();
});
afterAll(async () => {
  await worker.stop();
  await plane.stop();
});
beforeEach(() => {
  ref = { tenant: TENANT, vmId: newVmId() };
});
afterEach(() => {
  plane.answer = decideOnly;
});

const POLICY = { restart: { policy: 'on-failure', maxAttempts: 3, backoffMs: 10 } } as const;

const mine = (): WorkCommand[] => plane.commands.filter(({ subject }) => subject === ref.vmId);
const verbs = (): string[] => mine().map(({ data }) => data.action.verb);
const events = async (): Promise<VmEvent[]> =>
  (await plane.log.readSince(vmFilter(ref.tenant, ref.vmId), 0)).flatMap(({ read }) =>
    read.ok && read.stored.kind === 'vm' ? [read.stored.event] : [],
  );
const count = async (name: string): Promise<number> => (await events()).filter((event) => event.name === name).length;
const mineId = (): CommandId => derivedCommandId(ref.vmId);
const boot = async (): Promise<VmFact> => {
  const deadline = new Date(Date.now() + 60_000).toISOString();
  return { name: 'boot-started', data: { request: requestOf('boot'), deadline, epoch: 1 } };
};
/** Decides each command, and ends its task with `outcome`. */
const ends =
  (outcome: (vm: Vm, command: WorkCommand) => VmFact | undefined) =>
  async (command: WorkCommand, host: Host1): Promise<void> => {
    const vm = await host.decide(command);
    const fact = vm && outcome(vm, command);
    if (fact) await host.append({ tenant: command.tenant, vmId: command.subject }, fact);
  };
const well = (vm: Vm): VmFact => {
  switch (vm.task?.verb) {
    case 'cleanup':
      return { name: 'cleaned', data: { epoch: vm.epoch, removed: [] } };
    case 'delete':
      return { name: 'deleted', data: { epoch: vm.epoch } };
    default:
      return { name: 'booted', data: { epoch: vm.epoch } };
  }
};

describe('recovery', () => {
  it('restarts a crashed VM by policy, after a cleanup, in one trace', async () => {
    plane.answer = ends(well);
    await createVm(plane.host, ref, POLICY, true);
    const traceparent = newTraceparent();
    await plane.host.append(ref, crashed(1, ['socket']), { traceparent });
    const vm = await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
    expect(verbs()).toEqual(['cleanup', 'boot']);
    expect(vm.restarts).toHaveLength(1);
    const caused = (await events()).slice(-4);
    expect(caused.map(({ name }) => name)).toEqual(['cleanup-started', 'cleaned', 'boot-started', 'booted']);
    expect(mine().map((command) => traceIdOf(command.traceparent))).toEqual(Array(2).fill(traceIdOf(traceparent)));
  });

  it('restarts a guest that stopped by itself under always, in about a second', async () => {
    plane.answer = ends(well);
    await createVm(plane.host, ref, { restart: { policy: 'always', backoffMs: 0 } }, true);
    await plane.host.append(ref, switchedOff(1));
    const vm = await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
    expect(verbs()).toEqual(['boot']);
    const [down, up] = [vm.lastStop?.at, vm.runningSince].map((time) => Date.parse(time ?? ''));
    expect((up ?? 0) - (down ?? 0)).toBeLessThan(3_000);
  });

  it('leaves a crashed VM under the policy never', async () => {
    await createVm(plane.host, ref, {}, true);
    await plane.host.append(ref, crashed(1));
    const other = ref;
    // Failures are handled in order: when a later VM's is resolved, this one's has been decided.
    ref = { tenant: TENANT, vmId: newVmId() };
    plane.answer = ends(well);
    await createVm(plane.host, ref, POLICY, true);
    await plane.host.append(ref, crashed(1));
    await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
    expect((await plane.host.vm(other)).state).toBe('failed');
    expect(plane.commands.some(({ subject }) => subject === other.vmId)).toBe(false);
  });

  it('cleans up after a failed boot until it is clean, in the chain of the failed operation', async () => {
    await createVm(plane.host, ref, {}, false);
    const started = await plane.host.append(ref, await boot(), { causationid: mineId(), correlationid: mineId() });
    let cleanups = 0;
    plane.answer = ends((vm) => {
      cleanups += 1;
      return cleanups < 3 ? { name: 'cleanup-failed', data: failed(vm.epoch, ['process']) } : well(vm);
    });
    await plane.host.append(ref, { name: 'boot-failed', data: failed(1, ['process']) });
    await untilVm(plane, ref, 'is clean', ({ residue, task }) => residue.length === 0 && !task);
    expect(verbs()).toEqual(['cleanup', 'cleanup', 'cleanup']);
    expect(new Set(mine().map(({ id }) => id)).size).toBe(3);
    expect(new Set(mine().map(({ correlationid }) => correlationid))).toEqual(new Set([started.task?.operationId]));
    expect(await count('cleanup-abandoned')).toBe(0);
  });

  it('continues after its own restart, and sends nothing twice', async () => {
    await createVm(plane.host, ref, {}, false);
    await plane.host.append(ref, await boot(), { causationid: mineId(), correlationid: mineId() });
    await plane.host.append(ref, { name: 'boot-failed', data: failed(1, ['process']) });
    await untilVm(plane, ref, 'is being cleaned', ({ task }) => task?.verb === 'cleanup');
    await worker.stop();
    worker = await plane.startWorker();
    await plane.host.append(ref, { name: 'cleaned', data: { epoch: 1, removed: ['process'] } });
    await plane.untilNothingIsLeft();
    expect(await count('cleanup-started')).toBe(1);
  });

  it('hands over to an operator at last, with the required action', async () => {
    await createVm(plane.host, ref, { restart: { ...POLICY.restart, maxAttempts: 1 } }, true);
    plane.answer = ends(well);
    await plane.host.append(ref, crashed(1));
    await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
    await plane.host.append(ref, crashed(2));
    const vm = await untilVm(plane, ref, 'is abandoned to an operator', ({ attention }) => attention !== null);
    expect(vm.attention).toMatchObject({
      kind: 'cleanup-abandoned',
      actionRequired: expect.stringContaining('boot it by hand'),
    });
    expect(verbs()).toEqual(['boot']);
    expect(await count('cleanup-abandoned')).toBe(1);
  });

  it('hands a VM that was paused when it crashed to an operator, once, and never runs it', async () => {
    await createVm(plane.host, ref, POLICY, true);
    const deadline = new Date(Date.now() + 60_000).toISOString();
    const cause = { causationid: mineId(), correlationid: mineId() };
    await plane.host.append(ref, { name: 'pause-started', data: { request: requestOf('pause'), deadline } }, cause);
    await plane.host.append(ref, { name: 'paused', data: { epoch: 1 } });
    await plane.host.append(ref, crashed(1));
    const vm = await untilVm(plane, ref, 'is abandoned to an operator', ({ attention }) => attention !== null);
    expect(vm).toMatchObject({ state: 'failed', attention: { reason: 'not restarted by policy; left: nothing' } });
    await plane.untilNothingIsLeft();
    expect([verbs(), await count('cleanup-abandoned')]).toEqual([[], 1]);
  });

  it('retries with another id when the host refused', async () => {
    let refused = 0;
    const accept = ends(well);
    plane.answer = async (command, host) => {
      refused += 1;
      if (refused > 1) return accept(command, host);
      return host.decide(command, { code: 'over-capacity', reason: 'full' });
    };
    await createVm(plane.host, ref, POLICY, true);
    await plane.host.append(ref, crashed(1));
    await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
    expect(verbs()).toEqual(['boot', 'boot']);
    expect(new Set(mine().map(({ id }) => id)).size).toBe(2);
  });

  it('keeps deleting a VM whose delete was requested, and never restarts it', async () => {
    await createVm(plane.host, ref, { restart: { policy: 'always', backoffMs: 10 } }, true);
    plane.answer = ends(well);
    const deadline = new Date(Date.now() + 60_000).toISOString();
    const doomed: VmFact = { name: 'delete-started', data: { request: requestOf('delete'), deadline, force: true } };
    await plane.host.append(ref, doomed, { causationid: mineId(), correlationid: mineId() });
    await plane.host.append(ref, crashed(1));
    await plane.host.append(ref, { name: 'delete-failed', data: failed(1, ['directory']) });
    await untilVm(plane, ref, 'is deleted', ({ state }) => state === 'deleted');
    expect(mine().map(({ data }) => data.action)).toEqual([{ verb: 'delete', params: { force: true } }]);
  });

  it('skips a message that is not an event, and continues', async () => {
    const before = await counted('ironlog_quarantined_total');
    const connection = await plane.connectAs(executorUser(HOST));
    const subject = vmEventSubject(ref.tenant, ref.vmId, HOST, 'crashed');
    expect(parseEventSubject(subject)).toBeDefined();
    await jetstream(connection).publish(subject, 'not an event');
    await until('it is counted', async () => (await counted('ironlog_quarantined_total')) > before);
    plane.answer = ends(well);
    await createVm(plane.host, ref, POLICY, true);
    await plane.host.append(ref, crashed(1));
    await untilVm(plane, ref, 'runs again', ({ state, epoch }) => state === 'running' && epoch === 2);
  });

  it('reports a silent host, and its return', async () => {
    const presence = async () => (await hostEvents()).at(-1);
    await plane.appendHostEvent({ name: 'executor-started', data: STARTED });
    await worker.stop();
    worker = await plane.startWorker({ IRONLOG_HOST_SILENT_AFTER_SECONDS: 1 });
    await until('it is reported', async () => (await presence()) === 'host-unreachable');
    await plane.beat();
    await until('its return is reported', async () => (await presence()) === 'host-reachable');
  });

  it('is not ready while its consumer is missing, and is ready again when it is provisioned', async () => {
    const manager = await jetstreamManager(await plane.connectAs('provisioner'));
    const { stream, config } = recoveryConsumer;
    const status = async (): Promise<number> => (await fetch(`${worker.url()}/readyz`)).status;
    await until('it is ready', async () => (await status()) === 200);
    await manager.consumers.delete(stream, config.durable_name);
    await until('it is not ready', async () => (await status()) === 503);
    expect(await plane.metrics.text()).toMatch(/ironlog_consumer_found\{[^}]*recovery-failures[^}]*\} 0/);
    await manager.consumers.add(stream, config);
    await until('it is ready again', async () => (await status()) === 200);
  });

  it('is ready', async () => {
    await until('it is ready', async () => (await fetch(`${worker.url()}/readyz`)).status === 200);
    const report = (await (await fetch(`${worker.url()}/readyz`)).json()) as { checks: object };
    expect(Object.keys(report.checks)).toEqual(
      expect.arrayContaining([
        'nats',
        'jetstream',
        'hosts',
        'stuck-tasks',
        'late-commands',
        'expired-vms',
        'guest-stops',
      ]),
    );
  });
});

const STARTED = {
  incarnation: 'one',
  stateDirectoryId: 'one',
  hypervisors: ['simulator' as const],
  capacity: { cpus: 1, memoryMiB: 1, processes: 1 },
};
const hostEvents = async (): Promise<string[]> =>
  (await plane.log.readSince(hostFilter(HOST), 0)).flatMap(({ read }) =>
    read.ok && read.stored.kind === 'host' ? [read.stored.event.name] : [],
  );
const counted = async (name: 'ironlog_quarantined_total' | 'ironlog_recovery_tasks_total'): Promise<number> =>
  (await plane.metrics.counter(name).get()).values.reduce((sum, { value }) => sum + value, 0);
