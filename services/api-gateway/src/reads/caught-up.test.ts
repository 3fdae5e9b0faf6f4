import { LogUnavailableError } from '@ironlog/event-log';
import { ReadModelNotReady } from '@ironlog/read-model';
import { expect, test } from 'vitest';
import { caughtUp } from './caught-up.ts';

const endingAt = (lastSequence: number) => ({
  info: async () => ({ createdAt: new Date(0), firstSequence: 1, lastSequence }),
});
const silent = {
  info: async () => {
    throw new LogUnavailableError('no answer', undefined);
  },
};
const at = (events: number, work: number) => ({ positions: () => ({ events, work, history: 0 }) });

test("a read model that reaches the log's end during the wait has caught up", async () => {
  let calls = 0;
  const reads = { positions: () => ({ events: ++calls, work: 5, history: 0 }) };
  expect(await caughtUp({ reads, events: endingAt(3), work: endingAt(5) })).toBe(true);
  expect(calls).toBe(3);
});

test('it is unknown while a stream or the read model does not answer', async () => {
  expect(await caughtUp({ reads: at(9, 9), events: endingAt(3), work: silent })).toBe(false);
  const unready = {
    positions: () => {
      throw new ReadModelNotReady('not there yet');
    },
  };
  expect(await caughtUp({ reads: unready, events: endingAt(3), work: endingAt(5) })).toBe(false);
});

test('one that lacks a part of WORK has not caught up', async () => {
  expect(await caughtUp({ reads: at(3, 4), events: endingAt(3), work: endingAt(5) })).toBe(false);
});
