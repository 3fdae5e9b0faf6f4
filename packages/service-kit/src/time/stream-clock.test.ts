import { expect, test } from 'vitest';
import { createManualClock } from './clock.ts';
import { StreamClock } from './stream-clock.ts';

const SERVER = new Date('2030-01-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;

/** A machine whose wall clock is off, and a server that reads its clock in the middle of the round trip. */
const machineThatIs = (offMs: number) => {
  const machine = createManualClock(new Date(SERVER.getTime() + offMs));
  const ask = ({ roundTripMs = 10, serverOffMs = 0 } = {}) => {
    const askedAtMs = machine.monotonicMs();
    machine.advance(roundTripMs / 2);
    const serverMs = SERVER.getTime() + machine.monotonicMs() + serverOffMs;
    machine.advance(roundTripMs / 2);
    return { askedAtMs, answeredAtMs: machine.monotonicMs(), serverMs };
  };
  return { machine, ask, serverNow: () => new Date(SERVER.getTime() + machine.monotonicMs()) };
};

test.each([2 * HOUR_MS, -2 * HOUR_MS, 0])('reads the stream time on a machine whose clock is off by %d ms', (offMs) => {
  const { machine, ask, serverNow } = machineThatIs(offMs);
  const clock = new StreamClock(machine, ask());
  machine.advance(29_000);
  expect(clock.now()).toEqual(serverNow());
  expect(clock.offset().offsetMs).toBe(offMs);
  expect(clock.offset().errorMs).toBeCloseTo(5 + 1 + 29_000 * 0.0005);
});

test('setting the wall clock changes the offset and not the time', () => {
  const { machine, ask, serverNow } = machineThatIs(0);
  const clock = new StreamClock(machine, ask());
  machine.jump(-HOUR_MS);
  expect(clock.now()).toEqual(serverNow());
  expect(clock.offset().offsetMs).toBe(-HOUR_MS);
});

test('a reading with a larger error replaces the last one only when that has become old', () => {
  const { machine, ask } = machineThatIs(0);
  const clock = new StreamClock(machine, ask({ roundTripMs: 2 }));
  clock.read(ask({ roundTripMs: 2_000, serverOffMs: 500 }));
  expect(clock.offset().offsetMs).toBe(0);
  machine.advance(HOUR_MS);
  clock.read(ask({ roundTripMs: 2_000, serverOffMs: 500 }));
  expect(clock.offset().offsetMs).toBe(-500);
});

test('a reading that contradicts the last one replaces it: the leader changed, or its clock was set', () => {
  const { machine, ask } = machineThatIs(0);
  const clock = new StreamClock(machine, ask({ roundTripMs: 2 }));
  clock.read(ask({ roundTripMs: 100, serverOffMs: HOUR_MS }));
  expect(clock.offset().offsetMs).toBe(-HOUR_MS);
});
