import { type Heartbeat, hostId, vmSpecSchema } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { heartbeat } from '../fixtures/executor.fixture.ts';
import { createWaitingClasses } from './waiting-classes.ts';

const HOST = hostId('host-1');
const small = vmSpecSchema.parse({ cpus: 1 });
const big = vmSpecSchema.parse({ cpus: 8 });
const picky = vmSpecSchema.parse({ placement: { hostLabels: { zone: 'b' } } });
const item = (sequence: number) => ({ sequence });

const room = () => {
  const classes = createWaitingClasses<{ sequence: number }>();
  classes.add({ spec: big }, item(1));
  classes.add({ spec: small }, item(2));
  classes.add({ spec: { ...small, name: 'named', labels: { team: 'a' } } }, item(3));
  classes.add({ spec: picky }, item(4));
  return classes;
};
const oldestFor = (host: Partial<Heartbeat>): unknown[] =>
  [...room().fitting([heartbeat(HOST, host)])].map((one) => one.oldest()?.sequence);

test.each<[string, Partial<Heartbeat>, unknown[]]>([
  ['with room for all but a label', {}, [1, 2]],
  ['with room for the small ones', { capacity: { cpus: 4, memoryMiB: 1_000_000, processes: 10 } }, [2]],
  ['with the label', { labels: { zone: 'b' } }, [1, 2, 4]],
  ['that is draining', { status: 'draining' }, []],
])('a host %s is tried with the oldest create of each class that fits it', (_, host, expected) => {
  expect(oldestFor(host)).toEqual(expected);
});

test('creates with equal requirements are one class, whatever their names, ordered by stream sequence', () => {
  const classes = room();
  classes.remove({ spec: small }, 2);
  const left = [...classes.fitting([heartbeat(HOST)])].map((one) => one.oldest());
  expect(left).toEqual([item(1), item(3)]);
  classes.remove({ spec: small }, 3);
  expect(classes.fitting([heartbeat(HOST)]).size).toBe(1);
});
