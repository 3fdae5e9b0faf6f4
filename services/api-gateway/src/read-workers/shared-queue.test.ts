import { expect, test } from 'vitest';
import { SharedQueue } from './shared-queue.ts';

const anyone = (_party: string): boolean => true;
const filled = (items: readonly string[], { capacity = 100, perParty = 100 } = {}): SharedQueue<string> => {
  const queue = new SharedQueue<string>({ capacity, perParty });
  for (const item of items) queue.push(item.charAt(0), item);
  return queue;
};
const drain = (queue: SharedQueue<string>, mayHave = anyone): string[] => {
  const taken: string[] = [];
  for (let item = queue.take(mayHave); item !== undefined; item = queue.take(mayHave)) taken.push(item);
  return taken;
};

test('parties are served round robin, each in its own order', () => {
  expect(drain(filled(['a1', 'a2', 'a3', 'b1', 'c1', 'b2']))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('a party that may not be served keeps its place, and does not delay others', () => {
  const queue = filled(['a1', 'b1', 'b2']);
  expect(drain(queue, (party) => party !== 'a')).toEqual(['b1', 'b2']);
  expect(drain(queue)).toEqual(['a1']);
});

test('a full share refuses its party, and a full queue refuses every party', () => {
  const queue = filled(['a1', 'a2'], { capacity: 3, perParty: 2 });
  expect(queue.push('a', 'a3')).toBe('tenant-share');
  expect(queue.push('b', 'b1')).toBe('queued');
  expect(queue.push('c', 'c1')).toBe('queue-full');
  expect(queue.take(anyone)).toBe('a1');
  expect(queue.push('c', 'c1')).toBe('queued');
});

test('a removed item is not taken, and frees its place', () => {
  const queue = filled(['a1', 'b1'], { capacity: 2 });
  expect(queue.remove('a', 'a1')).toBe(true);
  expect(queue.remove('a', 'a1')).toBe(false);
  expect(queue.size).toBe(1);
  expect(drain(queue)).toEqual(['b1']);
});
