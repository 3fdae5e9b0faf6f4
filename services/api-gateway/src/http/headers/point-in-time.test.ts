import { expect, test } from 'vitest';
import { refuseFuture } from './point-in-time.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const later = '2026-01-01T00:00:00.250Z';

test('a time that has passed by the clock, or by a stored event, is accepted', () => {
  refuseFuture(NOW.toISOString(), NOW, undefined);
  // The host's clock is slightly ahead of this one: its event has still happened.
  refuseFuture(later, NOW, later);
});

test('a time in the future is refused with the current time', () => {
  for (const known of [undefined, '2025-01-01T00:00:00.000Z'])
    expect(() => refuseFuture(later, NOW, known)).toThrow(`at ${later} is in the future; it is ${NOW.toISOString()}`);
});
