import type { HostFact } from '@ironlog/schemas';
import { createLogger } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { ClockWatch } from './clock-watch.ts';

const logger = createLogger({ service: 'test', level: 'fatal' });
const HOURS_MS = 7_200_000;

const watched = () => {
  const facts: HostFact[] = [];
  const behaviour = { fails: false };
  const watch = new ClockWatch({
    bounds: { warnMs: 2_000, refuseMs: 10_000 },
    incarnation: 'one',
    append: async (fact) => {
      if (behaviour.fails) throw new Error('the log is not reached');
      facts.push(fact);
    },
    logger,
  });
  /** Resolves when what follows from it is on record. */
  const measure = async (offsetMs: number, errorMs = 1): Promise<void> => {
    watch.judge({ offsetMs, errorMs });
    await watch.stop();
  };
  const told = () =>
    facts.map((fact) => (fact.name === 'clock-wrong' ? [fact.name, fact.data.refusesVms] : [fact.name]));
  return { watch, facts, behaviour, measure, told };
};

test.each([
  [HOURS_MS, '7200.0 s ahead of'],
  [-HOURS_MS, '7200.0 s behind'],
])(
  'a clock that is off by %d ms refuses new VMs, on record once, and is taken back when it is right',
  async (offsetMs, words) => {
    const { watch, facts, measure, told } = watched();
    await measure(0);
    expect(watch.refusal).toBeUndefined();
    await measure(offsetMs);
    await measure(offsetMs);
    expect(watch.reading).toEqual({
      clockOffsetMs: offsetMs,
      clockErrorMs: 1,
      clockRefusal: `has a clock ${words} nats-server's, more than 10 s`,
    });
    expect(facts).toMatchObject([
      {
        data: {
          offsetMs,
          refusesVms: true,
          reason: expect.stringContaining(words),
          actionRequired: expect.stringContaining('NTP'),
        },
      },
    ]);
    await measure(3);
    expect(watch.reading).toEqual({ clockOffsetMs: 3, clockErrorMs: 1 });
    expect(told()).toEqual([['clock-wrong', true], ['clock-corrected']]);
  },
);

test('between the bounds it warns and takes VMs; each change of the judgement is on record', async () => {
  const { watch, measure, told } = watched();
  for (const offsetMs of [1_900, 5_000, 12_000, 5_000, 0]) {
    await measure(offsetMs);
    expect(watch.refusal !== undefined).toBe(offsetMs === 12_000);
  }
  expect(told()).toEqual([['clock-wrong', false], ['clock-wrong', true], ['clock-wrong', false], ['clock-corrected']]);
});

test('a clock at the bound does not go to and fro, and a loose measurement accuses nobody', async () => {
  const { measure, told } = watched();
  for (const offsetMs of [10_010, 9_990, 10_010, 9_990]) await measure(offsetMs);
  expect(told()).toEqual([['clock-wrong', true]]);
  const loose = watched();
  await loose.measure(11_000, 2_000);
  expect(loose.told()).toEqual([['clock-wrong', false]]);
});

test('what could not be put on record is tried again at the next measurement, and counts meanwhile', async () => {
  const { watch, behaviour, measure, told } = watched();
  behaviour.fails = true;
  await measure(HOURS_MS);
  expect(told()).toEqual([]);
  expect(watch.refusal).toBeDefined();
  behaviour.fails = false;
  await measure(HOURS_MS);
  expect(told()).toEqual([['clock-wrong', true]]);
});

test('a clock that is off the other way by now, or far more, is told of again; one that is off as before is not', async () => {
  const { facts, measure } = watched();
  for (const offsetMs of [HOURS_MS, HOURS_MS + 3_000, -HOURS_MS, -12_000, -HOURS_MS]) await measure(offsetMs);
  expect(facts).toMatchObject(
    [HOURS_MS, -HOURS_MS, -12_000, -HOURS_MS].map((offsetMs) => ({ name: 'clock-wrong', data: { offsetMs } })),
  );
});
