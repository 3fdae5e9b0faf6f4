import { expect, test } from 'vitest';
import { refuseFuture } from './point-in-time.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const later = '2026-01-01T00:00:00.250Z';

test('a moment that has come by the clock, or by what is on record already, is taken', () => {
  refuseFuture(NOW.toISOString(), NOW, undefined);
  // The host's clock is a little ahead of this one: what it wrote has happened all the same.
  refuseFuture(later, NOW, later);
});

test('a moment that has not come is refused with what time it is', () => {
  for (const known of [undefined, '2025-01-01T00:00:00.000Z'])
    expect(() => refuseFuture(later, NOW, known)).toThrow(`at ${later} is yet to come; it is ${NOW.toISOString()}`);
});
