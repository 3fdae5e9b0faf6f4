import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Countdown } from './countdown.ts';

let printed: string[];
let countdown: Countdown;
beforeEach(() => {
  vi.useFakeTimers();
  printed = [];
  countdown = new Countdown((line) => printed.push(line));
});
afterEach(() => {
  countdown.stop();
  vi.useRealTimers();
});

it('prints how many there are, and every two seconds how many are left', () => {
  countdown.left = 3;
  vi.advanceTimersByTime(1000);
  countdown.one();
  vi.advanceTimersByTime(1000);
  countdown.one();
  countdown.one();
  vi.advanceTimersByTime(5000);
  expect(printed).toEqual(['shutting down 3 VMs (Ctrl-C again ends everything at once)', '2 VMs to go']);
});

it('continues while VMs end, and gives up ten seconds after the last one', () => {
  countdown.left = 100;
  for (let ended = 0; ended < 5; ended += 1) {
    vi.advanceTimersByTime(9000);
    countdown.one();
  }
  // A higher count is no progress.
  vi.advanceTimersByTime(9000);
  countdown.left = 101;
  expect(countdown.stalled.aborted).toBe(false);
  vi.advanceTimersByTime(1000);
  expect(countdown.stalled.aborted).toBe(true);
});

it('prints once that it waits for a count, and gives up when there is none', () => {
  vi.advanceTimersByTime(1900);
  expect(printed).toEqual([]);
  vi.advanceTimersByTime(8100);
  expect(printed).toEqual(['waiting for the API to list the running VMs (Ctrl-C again ends everything at once)']);
  expect(countdown.stalled.aborted).toBe(true);
});
