import { expect, test } from 'vitest';
import { createManualClock } from './clock.ts';
import { createDeadline } from './deadline.ts';

test('a deadline follows monotonic time, and does not move with the wall clock', () => {
  const clock = createManualClock(new Date('2030-01-01T00:00:00Z'));
  const deadline = createDeadline(1000, clock);
  clock.jump(3_600_000);
  expect(deadline.passed()).toBe(false);
  expect(deadline.remainingMs()).toBe(1000);
  clock.advance(999);
  expect(deadline.remainingMs()).toBe(1);
  clock.advance(5);
  expect(deadline.passed()).toBe(true);
  expect(deadline.remainingMs()).toBe(0);
});
