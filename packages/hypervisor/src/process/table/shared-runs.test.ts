// Concurrent callers share a run, and no caller gets a result from before its call.
import { expect, it } from 'vitest';
import { SharedRuns } from './shared-runs.ts';

/** Runs that the test ends; each returns its number. */
const runs = () => {
  const begun: PromiseWithResolvers<number>[] = [];
  const shared = new SharedRuns(() => {
    const run = Promise.withResolvers<number>();
    begun.push(run);
    return run.promise;
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const end = (number: number): void => begun[number - 1]?.resolve(number);
  return { shared, begun, end, turn };
};

it('all who ask at once are answered by one run', async () => {
  const { shared, begun, end, turn } = runs();
  const asked = [shared.join(), shared.join(), shared.join()];
  await turn();
  end(1);
  expect(await Promise.all(asked)).toEqual([1, 1, 1]);
  expect(begun).toHaveLength(1);
});

it('who asks during a run is answered by the next, however many they are, and two never run at once', async () => {
  const { shared, begun, end, turn } = runs();
  const first = shared.join();
  await turn();
  const during = [shared.join(), shared.join()];
  await turn();
  expect(begun).toHaveLength(1);
  end(1);
  expect(await first).toBe(1);
  await turn();
  const later = shared.join();
  end(2);
  expect(await Promise.all(during)).toEqual([2, 2]);
  await turn();
  end(3);
  expect(await later).toBe(3);
  expect(begun).toHaveLength(3);
});

it('a run that fails fails those who joined it, and the next is another', async () => {
  const { shared, begun, end, turn } = runs();
  const asked = shared.join();
  await turn();
  const next = shared.join();
  begun[0]?.reject(new Error('no /proc'));
  await expect(asked).rejects.toThrow('no /proc');
  await turn();
  end(2);
  expect(await next).toBe(2);
});
