// Incarnations: each start of a host's executor is recorded; its predecessor is notified and starts no process.
import { createMemoryEventLog, type EventLog, type MemoryStream, memoryStream } from '@ironlog/event-log';
import { hostId } from '@ironlog/schemas';
import { beforeEach, expect, test, vi } from 'vitest';
import { ANSWER_HOLDS_MS, Incarnation, Superseded } from './incarnation.ts';
import { watchIncarnation } from './incarnation-watch.ts';

const HOST = hostId('host-1');
let stream: MemoryStream;
let supersededBy: string[];
let stopping: AbortController;
let lossy: boolean;
let checks: number;
beforeEach(() => {
  stream = memoryStream();
  supersededBy = [];
  stopping = new AbortController();
  lossy = false;
  checks = 0;
});

const counted = (log: EventLog): EventLog => ({
  ...log,
  readSince: (filter, after) => {
    checks += 1;
    return log.readSince(filter, after);
  },
});
const incarnation = (host = HOST) =>
  new Incarnation({
    log: counted(createMemoryEventLog({ stream, loss: () => (lossy ? 'requests' : 'nothing') })),
    host,
    now: () => new Date(),
    signal: stopping.signal,
    onSuperseded: (by) => void supersededBy.push(by),
  });
const started = async (host = HOST, stateDirectoryId = 'one'): Promise<Incarnation> => {
  const one = incarnation(host);
  const capacity = { cpus: 1, memoryMiB: 1, processes: 1 };
  const data = { incarnation: one.id, stateDirectoryId, hypervisors: ['simulator' as const], capacity };
  await one.start({ name: 'executor-started', data });
  return one;
};
const reaped = (one: Incarnation, pid: number) =>
  one.append({ name: 'reaped', data: { incarnation: one.id, pid, directory: '/', reason: 'test' } });
const onRecord = () =>
  stream.entries.map(({ read }) => (read.ok && read.stored.kind === 'host' ? read.stored.event : undefined));

test('a start is recorded by the host, and the executor may continue', async () => {
  const one = await started();
  await one.check();
  expect(onRecord()).toMatchObject([
    {
      name: 'executor-started',
      subject: 'host-1',
      source: '/hosts/host-1/vm-executor',
      actor: 'host-1',
      data: { incarnation: one.id },
    },
  ]);
  expect(stream.entries[0]?.subject).toBe('ironlog.evt.host.host-1.host-1.fact');
  expect(supersededBy).toEqual([]);
});

test('a start after others is no conflict: they are read, and the latest is the current one', async () => {
  await started();
  const two = await started();
  await two.check();
  await reaped(two, 2);
  expect(onRecord()).toMatchObject([{}, {}, { name: 'reaped' }]);
  expect(supersededBy).toEqual([]);
});

test('the previous one is superseded: its check before a spawn throws, and it learns its successor', async () => {
  const one = await started();
  const two = await started();
  await expect(one.check()).rejects.toThrow(Superseded);
  expect(supersededBy).toEqual([two.id]);
});

test('superseded is final, though the event is not read again', async () => {
  const one = await started();
  const two = await started();
  for (let n = 0; n < 3; n += 1) {
    await expect(one.check()).rejects.toThrow(Superseded);
    await expect(reaped(one, n)).rejects.toThrow(Superseded);
  }
  await two.check();
  expect(supersededBy).toEqual([two.id]);
  expect(onRecord()).toHaveLength(2);
});

test('it is final even when the log is unavailable', async () => {
  const one = await started();
  await started();
  await expect(one.check()).rejects.toThrow(Superseded);
  lossy = true;
  await expect(one.check()).rejects.toThrow(Superseded);
});

test('a thousand checks within the lifetime of an answer share one read', async () => {
  const one = await started();
  await Promise.all(Array.from({ length: 1000 }, () => one.check()));
  await one.check();
  expect(checks).toBe(1);
  await vi.waitFor(async () => {
    await one.check();
    expect(checks).toBe(2);
  }, 15_000);
});

test('a failed read is not cached: the next check reads again', async () => {
  const one = await started();
  lossy = true;
  const failed = expect(one.check()).rejects.toThrow('the link loses requests');
  await failed;
  lossy = false;
  await one.check();
  expect(checks).toBe(2);
});

test('a start takes over only when the answers of an executor with another state directory have expired', async () => {
  const one = await started();
  await one.check();
  await started(HOST, 'another');
  await expect(one.check()).rejects.toThrow(Superseded);
});

test('it also waits when others have started in between', async () => {
  const one = await started();
  await started(HOST, 'another');
  const again = started(HOST, 'another');
  const asked = performance.now();
  await again;
  expect(performance.now() - asked).toBeGreaterThan(ANSWER_HOLDS_MS);
  await expect(one.check()).rejects.toThrow(Superseded);
});

test('it does not wait for an executor with the same state directory, which is dead', async () => {
  const one = await started();
  await one.check();
  await started();
  await one.check();
  expect(supersededBy).toEqual([]);
});

test('an idle executor learns of it, too', async () => {
  const one = await started();
  const stop = watchIncarnation(one, 5);
  lossy = true;
  await vi.waitFor(() => expect(checks).toBeGreaterThan(1), { timeout: 15_000 });
  lossy = false;
  const two = await started();
  await vi.waitFor(() => expect(supersededBy).toEqual([two.id]), { timeout: 15_000 });
  stop();
});

test('a superseded one appends no host event', async () => {
  const one = await started();
  const two = await started();
  await expect(reaped(one, 1)).rejects.toThrow(`incarnation ${two.id} has taken over host host-1`);
  expect(onRecord().map((event) => event?.name)).toEqual(['executor-started', 'executor-started']);
  expect(supersededBy).toEqual([two.id]);
});

test('host events by other writers are folded, and supersede no one', async () => {
  const one = await started();
  await incarnation().append({ name: 'host-reachable', data: {} });
  await one.check();
  await reaped(one, 1);
  expect(onRecord().map((event) => event?.name)).toEqual(['executor-started', 'host-reachable', 'reaped']);
});

test('hosts do not supersede each other', async () => {
  const one = await started();
  await started(hostId('host-2'));
  await started(hostId('host-10'));
  await one.check();
  await reaped(one, 1);
  expect(supersededBy).toEqual([]);
});

test('concurrent appends are stored in order, once each', async () => {
  const one = await started();
  await Promise.all([1, 2, 3].map((pid) => reaped(one, pid)));
  expect(onRecord().slice(1)).toMatchObject([1, 2, 3].map((pid) => ({ data: { pid } })));
});

test("when the service stops before an append's result is known, it fails, and so do the appends behind it", async () => {
  const one = await started();
  lossy = true;
  const [first, second] = [reaped(one, 1), reaped(one, 2)];
  const lost = Promise.all([
    expect(first).rejects.toThrow('reaped of host-1'),
    expect(second).rejects.toThrow('reaped of host-1'),
  ]);
  stopping.abort();
  await lost;
  expect(onRecord()).toHaveLength(1);
});

test('an orderly stop is recorded though the service is stopping; one that never started or is superseded records none', async () => {
  await incarnation().stop();
  const one = await started();
  const two = await started();
  await expect(one.check()).rejects.toThrow(Superseded);
  stopping.abort();
  await one.stop();
  await two.stop();
  expect(onRecord().slice(2)).toMatchObject([{ name: 'executor-stopped', data: { incarnation: two.id } }]);
});
