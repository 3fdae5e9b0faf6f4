// Incarnations: each start of a host's executor is on record, and the one before it is told and spawns no more.
import { createMemoryEventLog, type EventLog, type MemoryStream, memoryStream } from '@ironlog/event-log';
import { hostId } from '@ironlog/schemas';
import { beforeEach, expect, test, vi } from 'vitest';
import { ANSWER_HOLDS_MS, Incarnation, Superseded } from './incarnation.ts';
import { watchIncarnation } from './incarnation-watch.ts';

const HOST = hostId('host-1');
let stream: MemoryStream;
let told: string[];
let stopping: AbortController;
let lossy: boolean;
let checks: number;
beforeEach(() => {
  stream = memoryStream();
  told = [];
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
    onSuperseded: (by) => void told.push(by),
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

test('a start is on record as the host own, and it may go on', async () => {
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
  expect(told).toEqual([]);
});

test('a start after others is no conflict: they are read, and it is the one that counts', async () => {
  await started();
  const two = await started();
  await two.check();
  await reaped(two, 2);
  expect(onRecord()).toMatchObject([{}, {}, { name: 'reaped' }]);
  expect(told).toEqual([]);
});

test('the one before is superseded: its check before a spawn throws, and it is told by whom', async () => {
  const one = await started();
  const two = await started();
  await expect(one.check()).rejects.toThrow(Superseded);
  expect(told).toEqual([two.id]);
});

test('superseded once is superseded for ever, though what was read is not read again', async () => {
  const one = await started();
  const two = await started();
  for (let n = 0; n < 3; n += 1) {
    await expect(one.check()).rejects.toThrow(Superseded);
    await expect(reaped(one, n)).rejects.toThrow(Superseded);
  }
  await two.check();
  expect(told).toEqual([two.id]);
  expect(onRecord()).toHaveLength(2);
});

test('it is so even where the log cannot be asked any more', async () => {
  const one = await started();
  await started();
  await expect(one.check()).rejects.toThrow(Superseded);
  lossy = true;
  await expect(one.check()).rejects.toThrow(Superseded);
});

test('a thousand who ask within the moment that an answer holds share one look', async () => {
  const one = await started();
  await Promise.all(Array.from({ length: 1000 }, () => one.check()));
  await one.check();
  expect(checks).toBe(1);
  await vi.waitFor(async () => {
    await one.check();
    expect(checks).toBe(2);
  }, 15_000);
});

test('no answer is none that could hold: who asks next asks the log', async () => {
  const one = await started();
  lossy = true;
  const failed = expect(one.check()).rejects.toThrow('the link loses requests');
  await failed;
  lossy = false;
  await one.check();
  expect(checks).toBe(2);
});

test('a start takes over only when one with another state directory has no answer left that holds', async () => {
  const one = await started();
  await one.check();
  await started(HOST, 'another');
  await expect(one.check()).rejects.toThrow(Superseded);
});

test('nor does it once that one has been followed by others', async () => {
  const one = await started();
  await started(HOST, 'another');
  const again = started(HOST, 'another');
  const asked = performance.now();
  await again;
  expect(performance.now() - asked).toBeGreaterThan(ANSWER_HOLDS_MS);
  await expect(one.check()).rejects.toThrow(Superseded);
});

test('it waits for none whose state directory it has, for that one is dead', async () => {
  const one = await started();
  await one.check();
  await started();
  await one.check();
  expect(told).toEqual([]);
});

test('one that has nothing to do learns of it all the same', async () => {
  const one = await started();
  const stop = watchIncarnation(one, 5);
  lossy = true;
  await vi.waitFor(() => expect(checks).toBeGreaterThan(1), { timeout: 15_000 });
  lossy = false;
  const two = await started();
  await vi.waitFor(() => expect(told).toEqual([two.id]), { timeout: 15_000 });
  stop();
});

test('nor can it say anything more of the host', async () => {
  const one = await started();
  const two = await started();
  await expect(reaped(one, 1)).rejects.toThrow(`incarnation ${two.id} has taken over host host-1`);
  expect(onRecord().map((event) => event?.name)).toEqual(['executor-started', 'executor-started']);
  expect(told).toEqual([two.id]);
});

test('what others say of the host is folded, and supersedes nobody', async () => {
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
  expect(told).toEqual([]);
});

test('what is said at once is on record in its order, once each', async () => {
  const one = await started();
  await Promise.all([1, 2, 3].map((pid) => reaped(one, pid)));
  expect(onRecord().slice(1)).toMatchObject([1, 2, 3].map((pid) => ({ data: { pid } })));
});

test('when the service stops before the fate of an append is known, that is an error, and what waits behind it ends too', async () => {
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

test('an orderly stop is on record though the service is stopping; one that never started or is superseded says nothing', async () => {
  await incarnation().stop();
  const one = await started();
  const two = await started();
  await expect(one.check()).rejects.toThrow(Superseded);
  stopping.abort();
  await one.stop();
  await two.stop();
  expect(onRecord().slice(2)).toMatchObject([{ name: 'executor-stopped', data: { incarnation: two.id } }]);
});
