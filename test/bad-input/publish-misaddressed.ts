// Publishes a misaddressed message, and waits until every service that reads it has counted it once.
import { expect } from 'vitest';
import { until } from '../harness/until.ts';
import { counterOf } from './metrics.ts';
import type { Misaddressed } from './table/misaddressed.ts';
import type { World } from './world.ts';

/** Returns where it is stored. */
export const publishMisaddressed = async (
  world: World,
  { by, subject, body, countedBy }: Misaddressed,
): Promise<{ readonly stream: string; readonly seq: number }> => {
  const counts = (): Promise<number[]> =>
    Promise.all(countedBy.map((service) => counterOf(world.test, service, 'ironlog_quarantined_total')));
  const before = await counts();
  const stored = await (await world.as(by)).publish(subject, body);
  await until(`${subject} is counted by ${countedBy.join(', ')}`, async () =>
    (await counts()).every((count, index) => count > (before[index] ?? 0)) ? true : undefined,
  );
  expect(await counts()).toEqual(before.map((count) => count + 1));
  return stored;
};
