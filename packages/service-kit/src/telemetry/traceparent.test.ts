// Traceparents: which are valid, and that new ones are valid and unique.
import { expect, test } from 'vitest';
import { isTraceparent, newTraceparent } from './traceparent.ts';

test('a thousand new ones are valid, and no two share a trace or a parent', () => {
  const made = Array.from({ length: 1000 }, newTraceparent);
  expect(made.every(isTraceparent)).toBe(true);
  for (const part of [1, 2]) expect(new Set(made.map((each) => each.split('-')[part])).size).toBe(made.length);
});

test.each([
  ['nothing', undefined],
  ['another version', `01-${'a'.repeat(32)}-${'b'.repeat(16)}-00`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-00`],
  ['a parent of zeros', `00-${'a'.repeat(32)}-${'0'.repeat(16)}-00`],
  ['capitals', `00-${'A'.repeat(32)}-${'b'.repeat(16)}-00`],
  ['more behind it', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00-x`],
])('%s is invalid', (_, value) => expect(isTraceparent(value)).toBe(false));
