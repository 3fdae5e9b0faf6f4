import type { LaunchSpec } from '@ironlog/hypervisor';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GuestReports } from './guest-reports.ts';

const launch = { epoch: 1 } as LaunchSpec;
let reported: [string, number][] = [];
let reboots: GuestReports;

beforeEach(() => {
  vi.useFakeTimers();
  reported = [];
  reboots = new GuestReports((key, _launch, times) => reported.push([key, times]));
});
afterEach(() => {
  reboots.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
const restart = (key: string, times: number): void => {
  for (let n = 0; n < times; n += 1) reboots.add(key, launch);
};

test('a reboot is reported at once, and so is a much later one', () => {
  restart('a', 1);
  expect(reported).toEqual([['a', 1]]);
  vi.advanceTimersByTime(10_000);
  restart('a', 1);
  expect(reported).toEqual([
    ['a', 1],
    ['a', 1],
  ]);
});

test('a reboot loop is reported every ten seconds, with the number of reboots', () => {
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

test('one VM does not delay another', () => {
  restart('a', 2);
  restart('b', 1);
  expect(reported).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
});

test('pending reboots are reported when the process ends, and none is reported twice', () => {
  restart('a', 3);
  reboots.end('a');
  reboots.end('a');
  vi.advanceTimersByTime(60_000);
  expect(reported).toEqual([
    ['a', 1],
    ['a', 2],
  ]);
});
