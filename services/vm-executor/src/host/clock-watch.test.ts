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
      if (behaviour.fails) throw new Error('the log is unreachable');
      facts.push(fact);
    },
    logger,
  });
  /** Resolves when a resulting change is on record. */
  const measure = async (offsetMs: number, errorMs = 1): Promise<void> => {
    watch.check({ offsetMs, errorMs });
    await watch.stop();
  };
  const recorded = () =>
    facts.map((fact) => (fact.name === 'clock-wrong' ? [fact.name, fact.data.refusesVms] : [fact.name]));
  return { watch, facts, behaviour, measure, recorded };
};

test.each([
  [HOURS_MS, '7200.0 s ahead of'],
  [-HOURS_MS, '7200.0 s behind'],
])(
  'a clock that is off by %d ms refuses new VMs, is recorded once, and is corrected on record',
  async (offsetMs, words) => {
    const { watch, facts, measure, recorded } = watched();
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
    expect(recorded()).toEqual([['clock-wrong', true], ['clock-corrected']]);
  },
);

test('an offset between the bounds warns and allows VMs; each change of the status is on record', async () => {
  const { watch, measure, recorded } = watched();
  for (const offsetMs of [1_900, 5_000, 12_000, 5_000, 0]) {
    await measure(offsetMs);
    expect(watch.refusal !== undefined).toBe(offsetMs === 12_000);
  }
  expect(recorded()).toEqual([
    ['clock-wrong', false],
    ['clock-wrong', true],
    ['clock-wrong', false],
    ['clock-corrected'],
  ]);
});

test('an offset at the bound does not alternate, and a measurement within its error does not refuse', async () => {
  const { measure, recorded } = watched();
  for (const offsetMs of [10_010, 9_990, 10_010, 9_990]) await measure(offsetMs);
  expect(recorded()).toEqual([['clock-wrong', true]]);
  const loose = watched();
  await loose.measure(11_000, 2_000);
  expect(loose.recorded()).toEqual([['clock-wrong', false]]);
});

test('a failed append is retried at the next measurement, and the status applies meanwhile', async () => {
  const { watch, behaviour, measure, recorded } = watched();
  behaviour.fails = true;
  await measure(HOURS_MS);
  expect(recorded()).toEqual([]);
  expect(watch.refusal).toBeDefined();
  behaviour.fails = false;
  await measure(HOURS_MS);
  expect(recorded()).toEqual([['clock-wrong', true]]);
});

test('an offset of the other sign, or of another size, is recorded again; a similar one is not', async () => {
  const { facts, measure } = watched();
  for (const offsetMs of [HOURS_MS, HOURS_MS + 3_000, -HOURS_MS, -12_000, -HOURS_MS]) await measure(offsetMs);
  expect(facts).toMatchObject(
    [HOURS_MS, -HOURS_MS, -12_000, -HOURS_MS].map((offsetMs) => ({ name: 'clock-wrong', data: { offsetMs } })),
  );
});
