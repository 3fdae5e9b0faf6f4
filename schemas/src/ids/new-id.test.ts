// New ids: valid, unique, in the order of their creation, and not predictable from their time.
import { expect, test } from 'vitest';
import { eventIdSchema } from './ids.ts';
import { newEventId } from './new-id.ts';

const RANDOM_PART = 'evt-'.length + 10;

test('ten thousand in a row are valid, all different, and sorted', () => {
  const ids = Array.from({ length: 10_000 }, newEventId);
  expect(ids.every((id) => eventIdSchema.safeParse(id).success)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});

test('each millisecond begins a new random part, with characters of the whole alphabet', async () => {
  const seen = new Set<string>();
  for (let n = 0; n < 100; n += 1) {
    const before = Date.now();
    while (Date.now() === before);
    for (const character of newEventId().slice(RANDOM_PART)) seen.add(character);
  }
  expect([...seen].sort().join('')).toBe('0123456789abcdefghjkmnpqrstvwxyz');
});
