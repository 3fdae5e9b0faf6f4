import type { VmEventName } from '@ironlog/schemas';
import { describe, expect, test } from 'vitest';
import { steadyDueAt } from './attention.ts';
import { at, type EventOptions, given, RUNNING } from './story.fixture.ts';

type Entry = VmEventName | [VmEventName, EventOptions];
const guestReboot = (seconds: number, times?: number): Entry => [
  'rebooted',
  { seconds, data: { cause: 'guest', ...(times && { times }) } },
];
const everyMinute = (count: number, from = 100): Entry[] =>
  Array.from({ length: count }, (_, n) => guestReboot(from + 60 * n));
const kindAfter = (...more: Entry[]) => given(...RUNNING, ...more).attention?.kind;

describe('a process that does not answer', () => {
  test('needs attention from its event on, with the action to take', () => {
    const { attention } = given(...RUNNING, ['unresponsive', { seconds: 50, data: { sinceMs: 30_400 } }]);
    expect(attention).toMatchObject({ kind: 'unresponsive', since: at(50) });
    expect(attention?.reason).toBe('its process has not answered for 30 s');
    expect(attention?.actionRequired).toContain('with force');
  });
  test.each<[string, Entry[]]>([
    ['its answer', ['responsive']],
    ['its death', ['crashed']],
    ['its stop', ['shutdown-started', 'stopped']],
    ['its delete', ['delete-started', 'deleted']],
  ])('needs no attention after %s', (_, more) => {
    expect(kindAfter('unresponsive', ...more)).toBeUndefined();
  });
  test('does not replace a stuck task, and is listed once the task has ended', () => {
    const stuck: Entry[] = ['shutdown-started', 'stuck', 'unresponsive'];
    expect(kindAfter(...stuck)).toBe('stuck');
    expect(kindAfter(...stuck, 'shutdown-failed')).toBe('unresponsive');
    expect(kindAfter(...stuck, 'responsive', 'shutdown-failed')).toBeUndefined();
  });
});

describe('a guest that restarts itself', () => {
  test('needs attention from the fifth restart in ten minutes on', () => {
    expect(kindAfter(...everyMinute(4))).toBeUndefined();
    const { attention } = given(...RUNNING, ...everyMinute(5));
    expect(attention).toMatchObject({ kind: 'reboot-loop', since: at(100) });
    expect(attention?.actionRequired).toContain('console');
  });
  test('counts every restart of a merged event', () => {
    expect(kindAfter(guestReboot(100), guestReboot(110, 4))).toBe('reboot-loop');
    expect(kindAfter(guestReboot(100), guestReboot(110, 3))).toBeUndefined();
  });
  test('does not count restarts older than ten minutes', () => {
    expect(kindAfter(guestReboot(100), guestReboot(699, 4))).toBe('reboot-loop');
    expect(kindAfter(guestReboot(100), guestReboot(700, 4))).toBeUndefined();
  });
  test('does not count requested reboots', () => {
    expect(kindAfter(...everyMinute(4), 'reboot-started', 'rebooted', guestReboot(400))).toBeUndefined();
  });
  test('keeps the start of the loop, and a bounded number of restarts', () => {
    const { attention, guestReboots } = given(...RUNNING, ...everyMinute(60));
    expect(attention?.since).toBe(at(100));
    expect(guestReboots).toHaveLength(5);
  });
  test.each<[string, Entry[]]>([
    ['has run long enough', ['guest-steady']],
    ['died', ['crashed']],
    ['stopped', ['stopped']],
  ])('needs no attention once it %s, and counts from zero', (_, more) => {
    const vm = given(...RUNNING, ...everyMinute(5), ...more);
    expect(vm.attention).toBeNull();
    expect(vm.guestReboots).toEqual([]);
  });
  test('is still in its loop after its process did not answer for a time', () => {
    expect(kindAfter(...everyMinute(5), 'unresponsive')).toBe('unresponsive');
    expect(kindAfter(...everyMinute(5), 'unresponsive', 'responsive')).toBe('reboot-loop');
  });
  test('is due to be steady ten minutes after the last restart', () => {
    expect(steadyDueAt(given(...RUNNING, ...everyMinute(4)))).toBeUndefined();
    expect(steadyDueAt(given(...RUNNING, ...everyMinute(5)))).toBe(at(100 + 240 + 600));
  });
});
