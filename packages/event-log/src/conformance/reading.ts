// Races, replay and tail: reads return what was committed, once, in order.
import { expect, it } from 'vitest';
import { testVm, vmEvent } from '../fixtures/events.fixture.ts';
import { until } from '../fixtures/until.fixture.ts';
import type { Recorded } from '../port.ts';
import { appendTo, bytesOf, type LogUnderTest } from './log-under-test.ts';

export const describeReading = (make: () => LogUnderTest): void => {
  it('lets exactly one of two racing writers commit, in each of 1000 rounds', async () => {
    const { log, other } = make();
    const lane = async (): Promise<void> => {
      const vm = testVm();
      let expected = 0;
      for (let round = 1; round <= 100; round++) {
        const results = await Promise.all(
          [log, other].map((writer) => appendTo(writer, vm, { event: vmEvent(vm, round), expected })),
        );
        expect(results.map(({ kind }) => kind).sort()).toEqual(['committed', 'conflict']);
        expected = Math.max(...results.flatMap((result) => (result.kind === 'committed' ? [result.sequence] : [])));
      }
      expect(await log.readSince(vm.filter, 0)).toHaveLength(100);
    };
    await Promise.all(Array.from({ length: 10 }, lane));
  }, 60_000);

  it('replays everything in order, between two sequences', async () => {
    const { log, write } = make();
    const { lastSequence } = await log.info();
    // In waves: all at once, the last answer would take as long as the machine is slow.
    for (let wave = 0; wave < 20; wave += 1)
      await Promise.all(
        Array.from({ length: 250 }, (_, at) => write({ subject: testVm().subject, bytes: bytesOf(`${wave}.${at}`) })),
      );
    const sequences: number[] = [];
    for await (const entry of log.replay({ after: lastSequence + 10, until: lastSequence + 4_990 }))
      sequences.push(entry.sequence);
    expect(sequences).toEqual(Array.from({ length: 4_980 }, (_, at) => lastSequence + 11 + at));
  }, 60_000);

  it('replays nothing from an empty range, and stops on abort', async () => {
    const { log } = make();
    await appendTo(log, testVm());
    const { lastSequence } = await log.info();
    for await (const entry of log.replay({ after: lastSequence, until: lastSequence }))
      throw new Error(`${entry.sequence} is outside the range`);
    const stop = new AbortController();
    const read: number[] = [];
    for await (const entry of log.replay({ after: 0, until: lastSequence, signal: stop.signal })) {
      read.push(entry.sequence);
      stop.abort();
    }
    expect(read).toEqual([1]);
  });

  it('tails what is appended, in order, waiting for each batch to be handled, until aborted', async () => {
    const { log, other } = make();
    const { lastSequence } = await log.info();
    const stop = new AbortController();
    const tailed: number[] = [];
    let handling = 0;
    const onBatch = async (batch: readonly Recorded[]): Promise<void> => {
      handling += 1;
      expect(handling).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      tailed.push(...batch.map(({ sequence }) => sequence));
      handling -= 1;
    };
    const done = log.tail({ after: lastSequence, onBatch, signal: stop.signal });
    await Promise.all(Array.from({ length: 50 }, () => appendTo(other, testVm())));
    await until('50 entries are tailed', () => tailed.length >= 50);
    stop.abort();
    await done;
    expect(tailed).toEqual(Array.from({ length: 50 }, (_, at) => lastSequence + 1 + at));
  });

  it('ends the tail with the error that its reader throws', async () => {
    const { log } = make();
    await appendTo(log, testVm());
    const onBatch = (): void => {
      throw new Error('a broken projection');
    };
    await expect(log.tail({ after: 0, onBatch, signal: new AbortController().signal })).rejects.toThrow(
      'a broken projection',
    );
  });
};
