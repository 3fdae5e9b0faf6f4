import type { LaunchSpec } from '@ironlog/hypervisor';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GuestReboots } from './guest-reboots.ts';

const launch = { epoch: 1 } as LaunchSpec;
let reported: [string, number][] = [];
let reboots: GuestReboots;

beforeEach(() => {
  vi.useFakeTimers();
  reported = [];
  reboots = new GuestReboots((key, _launch, times) => reported.push([key, times]));
});
afterEach(() => {
  reboots.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
const restart = (key: string, times: number): void => {
  for (let n = 0; n < times; n += 1) reboots.add(key, launch);
};

test('a restart is told at once, and one much later at once again', () => {
  restart('a', 1);
  expect(reported).toEqual([['a', 1]]);
  vi.advanceTimersByTime(10_000);
  restart('a', 1);
  expect(reported).toEqual([
    ['a', 1],
    ['a', 1],
  ]);
});

test('a loop of restarts is told of every ten seconds, with how many there were', () => {
  restart('a', 500);
  vi.advanceTimersByTime(9_999);
  expect(reported).toEqual([['a', 1]]);
  vi.advanceTimersByTime(1);
  restart('a', 7);
  vi.advanceTimersByTime(10_000);
  expect(reported).toEqual([
    ['a', 1],
    ['a', 499],
    ['a', 7],
  ]);
});

test('one VM does not hold up another', () => {
  restart('a', 2);
  restart('b', 1);
  expect(reported).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
});

test('what waits is told when the process ends, and nothing is told twice', () => {
  restart('a', 3);
  reboots.end('a');
  reboots.end('a');
  vi.advanceTimersByTime(60_000);
  expect(reported).toEqual([
    ['a', 1],
    ['a', 2],
  ]);
});
