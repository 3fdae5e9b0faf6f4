// Commands delivered to an executor: each is answered once, from the log's state and not from a stale copy.
import { existsSync } from 'node:fs';
import { EventLogError } from '@ironlog/event-log';
import { hostId, newVmId, type VmFact } from '@ironlog/schemas';
import { expect, test, vi } from 'vitest';
import { BOUND, claim, TENANT, testHost } from '../host.fixture.ts';

const host = testHost();

test('a command for a revision that recovery appended is accepted, though this host has not read that event yet', async () => {
  const { id } = await host.made(true);
  await host.start();
  const stuck: VmFact = {
    name: 'stuck',
    data: { verb: 'boot', deadline: new Date().toISOString(), actionRequired: 'check the host' },
  };
  await host.append(id, 'recovery', stuck);
  expect(await host.send(id, 'pause', { expectedRevision: 5 })).toBe('acked');
  await host.until(id, 'paused');
  expect(host.rejections()).toEqual([]);
});

/** A shutdown whose guest ignores it. */
const inLongShutdown = async () => {
  const id = newVmId();
  await host.start();
  await host.send(id, 'create', { params: { start: true, spec: { kernelArgs: 'sim.ignore-power-button' } } });
  await host.until(id, 'booted');
  await host.send(id, 'shutdown', { params: { timeoutSeconds: 3600 } });
  await host.until(id, 'shutdown-started');
  return id;
};

test('a long task delays no delivery: commands to its VM are refused at once, and other VMs are served', async () => {
  const id = await inLongShutdown();
  const flood = Array.from({ length: 300 }, () => host.send(id, 'pause'));
  const other = newVmId();
  expect(await host.send(other, 'create')).toBe('acked');
  await host.until(other, 'created');
  expect(new Set(await Promise.all(flood))).toEqual(new Set(['acked']));
  expect(host.rejections()).toHaveLength(300);
  expect(host.rejections()[0]).toMatchObject({ code: 'illegal-state', reason: expect.stringContaining('shutdown') });
});

test('a delete with force aborts such a task', async () => {
  const id = await inLongShutdown();
  expect(await host.send(id, 'delete', { params: { force: true } })).toBe('acked');
  await host.until(id, 'deleted');
  expect((await host.names(id)).slice(-3)).toEqual(['shutdown-started', 'delete-started', 'deleted']);
  expect(await host.running()).toEqual([]);
});

test("one VM's commands are answered in order, an urgent one too", async () => {
  const id = newVmId();
  await host.start();
  await Promise.all([
    host.send(id, 'create'),
    host.send(id, 'pause'),
    host.send(id, 'delete', { params: { force: true } }),
  ]);
  await host.until(id, 'deleted');
  expect(await host.names(id)).toEqual(['claimed', 'delete-started', 'deleted']);
  expect(host.rejections()).toMatchObject([
    { code: 'illegal-state', reason: expect.stringContaining('create is in flight') },
  ]);
});

test.each(['pause', 'reboot'] as const)(
  'a process that dies while a %s is being appended is recorded',
  async (verb) => {
    const { id, pid } = await host.made(true);
    await host.start();
    const onRecord = Promise.withResolvers<void>();
    host.appending = (event) => ('name' in event && event.name === `${verb}-started` ? onRecord.promise : undefined);
    const sent = host.send(id, verb, verb === 'reboot' ? { params: { force: true } } : {});
    await host.kill(pid);
    await vi.waitFor(async () => expect(await host.metrics.text()).toMatch(/hypervisor_processes\{.*\} 0\n/), BOUND);
    onRecord.resolve();
    expect(await sent).toBe('acked');
    await host.until(id, verb === 'pause' ? 'crashed' : 'rebooted');
    const expected = verb === 'pause' ? ['pause-started', 'pause-failed', 'crashed'] : ['reboot-started', 'rebooted'];
    expect((await host.names(id)).slice(4)).toEqual(expected);
  },
);

test('a start waits neither for a running task nor for a command that is not accepted; their order is kept', async () => {
  const busy = await inLongShutdown();
  await host.stop();
  const [refused, fresh] = [newVmId(), newVmId()];
  host.appending = (event) => {
    if ('subject' in event && event.subject === refused) throw new EventLogError('append-refused', 'no permission');
  };
  for (const [vmId, verb] of [
    [busy, 'pause'],
    [refused, 'create'],
    [fresh, 'create'],
  ] as const)
    host.work.left.push(host.work.message({ tenant: TENANT, vmId, verb }));
  await host.start();
  expect(await host.send(fresh, 'delete', { params: { force: true } })).toBe('acked');
  await host.until(fresh, 'deleted');
  expect((await host.names(fresh))[0]).toBe('claimed');
  expect(host.rejections()).toMatchObject([{ code: 'illegal-state', reason: expect.stringContaining('shutdown') }]);
  expect((await host.last(busy))?.name).toBe('shutdown-started');
});

const OTHER = hostId('host-2');

test("a command for another host's VM is rejected, and the VM is unchanged", async () => {
  const id = newVmId();
  await host.append(id, OTHER, claim(OTHER, false), { name: 'created', data: { epoch: 0 } });
  await host.start();
  expect(await host.send(id, 'boot')).toBe('acked');
  expect(await host.names(id)).toEqual(['claimed', 'created']);
  expect(host.rejections()).toMatchObject([{ code: 'wrong-host', reason: expect.stringContaining('host-2') }]);
});

test('a create that another host executes is left to it when redelivered here: the VM has one process (P5)', async () => {
  const id = newVmId();
  await host.append(id, OTHER, claim(OTHER, false));
  const [claimed] = await host.story(id);
  await host.start();
  expect(await host.send(id, 'create', { id: claimed?.causationid ?? '' })).toBe('acked');
  await host.stop();
  expect(await host.names(id)).toEqual(['claimed']);
  expect([existsSync(host.directoryOf(id)), await host.running()]).toEqual([false, []]);
});

test('a command that was stored after its startBy is late, however far behind the local clock is', async () => {
  const { id } = await host.made(true);
  await host.start();
  const inMs = (ms: number): Date => new Date(Date.now() + ms);
  expect(await host.send(id, 'pause', { startBy: inMs(60_000), storedAt: inMs(120_000) })).toBe('acked');
  await host.until(id, 'command-expired');
  expect(await host.send(id, 'pause', { startBy: inMs(60_000), storedAt: inMs(30_000) })).toBe('acked');
  await host.until(id, 'paused');
});

test('a host whose clock is wrong declines a create already placed on it, and still serves its VMs', async () => {
  const { id } = await host.made(true);
  await host.start();
  host.refusal = 'has a clock 7200.0 s ahead';
  const other = newVmId();
  expect(await host.send(other, 'create')).toBe('acked');
  expect(await host.names(other)).toEqual([]);
  const events = host.stream.entries.flatMap(({ read }) =>
    read.ok && read.stored.kind === 'host' ? [read.stored.event] : [],
  );
  expect(events.at(-1)).toMatchObject({ name: 'declined', data: { vmId: other, reason: host.refusal } });
  expect(await host.send(id, 'pause')).toBe('acked');
  await host.until(id, 'paused');
});
