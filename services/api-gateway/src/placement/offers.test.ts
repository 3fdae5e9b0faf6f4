import { type Heartbeat, hostId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { heartbeat } from '../fixtures/executor.fixture.ts';
import { createOffers } from './offers.ts';

const HOST = hostId('host-1');
const beat = (more: Partial<Heartbeat> = {}): Heartbeat =>
  heartbeat(HOST, { used: { cpus: 10, memoryMiB: 10, processes: 10 }, ...more });

const heardOnce = () => {
  const offers = createOffers();
  expect(offers.improved(beat())).toBe(true);
  return offers;
};

test.each<[string, Partial<Heartbeat>, boolean]>([
  ['is unchanged', {}, false],
  ['has less room', { used: { cpus: 11, memoryMiB: 10, processes: 11 } }, false],
  ['has a process more', { used: { cpus: 10, memoryMiB: 10, processes: 9 } }, true],
  ['has memory for one CPU', { used: { cpus: 11, memoryMiB: 9, processes: 10 } }, true],
  ['has another label', { labels: { zone: 'b' } }, true],
  ['has another hypervisor', { hypervisors: ['simulator', 'qemu'] }, true],
  ['is draining', { status: 'draining' }, false],
])('whether a host that %s is retried', (_, more, expected) => {
  expect(heardOnce().improved(beat(more))).toBe(expected);
});

test('a host that accepted nothing for a while, or was silent, is retried', () => {
  const offers = heardOnce();
  offers.improved(beat({ status: 'draining' }));
  expect(offers.improved(beat())).toBe(true);
  expect(offers.improved(beat({ clockRefusal: 'has a clock 7200 s ahead' }))).toBe(false);
  expect(offers.improved(beat())).toBe(true);
  offers.lower(HOST, undefined);
  expect(offers.improved(beat())).toBe(true);
});

test('capacity released after a placement counts as new for a create that arrived meanwhile', () => {
  const offers = heardOnce();
  offers.lower(HOST, beat({ used: { cpus: 11, memoryMiB: 11, processes: 11 } }));
  expect(offers.improved(beat())).toBe(true);
});
