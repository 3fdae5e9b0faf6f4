import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { debounce } from './debounce.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a thousand calls within the interval are one action, and a later call is another', () => {
  let acts = 0;
  const { soon } = debounce(() => {
    acts += 1;
  }, 100);
  for (let call = 0; call < 1000; call += 1) soon();
  expect(acts).toBe(0);
  vi.advanceTimersByTime(100);
  expect(acts).toBe(1);
  soon();
  vi.advanceTimersByTime(1000);
  expect(acts).toBe(2);
});

test('after stop, nothing runs', () => {
  const act = vi.fn();
  const { soon, stop } = debounce(act, 100);
  soon();
  stop();
  vi.advanceTimersByTime(1000);
  expect(act).not.toHaveBeenCalled();
});
