import type { Recorded } from '@ironlog/event-log';
import { expect, test } from 'vitest';
import { canReach } from './reachable.ts';
import { createRing } from './ring.ts';

const entry = (sequence: number): Recorded => ({
  sequence,
  subject: '',
  bytes: new Uint8Array(),
  hash: '',
  storedAt: new Date(0),
  messageId: undefined,
  read: { ok: false, reason: 'a test' },
});
const sequences = (entries: readonly Recorded[] | undefined) => entries?.map(({ sequence }) => sequence);

test('returns the entries after a sequence, or reports that it no longer has them all', () => {
  const ring = createRing(3, 10);
  expect(ring.last()).toBe(10);
  expect(sequences(ring.since(9))).toBeUndefined();
  for (let sequence = 11; sequence <= 16; sequence++) ring.push(entry(sequence));
  // Six entries are twice the limit: the first three are dropped.
  expect(sequences(ring.since(12))).toBeUndefined();
  expect(sequences(ring.since(13))).toEqual([14, 15, 16]);
  expect(sequences(ring.since(16))).toEqual([]);
  expect(ring.last()).toBe(16);
});

test('a cursor between two entries gets the later one', () => {
  const ring = createRing(10, 0);
  ring.push(entry(5));
  ring.push(entry(9));
  expect(sequences(ring.since(7))).toEqual([9]);
});

test.each([
  ['absent', 'running', true],
  ['created', 'running', true],
  ['running', 'created', false],
  ['deleted', 'running', false],
  ['failed', 'running', true],
  ['lost', 'stopped', true],
  ['running', 'running', true],
  ['absent', 'lost', true],
  ['deleted', 'deleted', false],
] as const)('from %s to %s: %s', (from, to, can) => {
  expect(canReach(from, to)).toBe(can);
});
