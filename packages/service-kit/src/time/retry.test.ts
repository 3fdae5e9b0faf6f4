import { expect, test } from 'vitest';
import { backoffMs, delay, retry } from './retry.ts';

const quick = { baseMs: 1, maxMs: 1 };

test('the limit of a delay doubles with each attempt, up to the cap', () => {
  const random = () => 0.999_999;
  const waits = [1, 2, 3, 4, 1000].map((attempt) => backoffMs(attempt, { baseMs: 100, maxMs: 500, random }));
  expect(waits).toEqual([99, 199, 399, 499, 499]);
});

test('jitter is full: a delay may be zero', () => {
  expect(backoffMs(9, { baseMs: 100, maxMs: 5000, random: () => 0 })).toBe(0);
});

test('retry continues until an attempt succeeds, and reports each failure', async () => {
  const failures: unknown[] = [];
  const signal = new AbortController().signal;
  const value = await retry(
    { backoff: quick, signal, onAgain: ({ cause }) => void failures.push(cause) },
    async (attempt) => (attempt < 3 ? { kind: 'again', cause: attempt } : { kind: 'done', value: 'ok' }),
  );
  expect(value).toBe('ok');
  expect(failures).toEqual([1, 2]);
});

test('an error thrown by an attempt is not retried', async () => {
  let attempts = 0;
  const run = retry({ backoff: quick, signal: new AbortController().signal, onAgain: () => undefined }, async () => {
    attempts += 1;
    throw new Error('a bug');
  });
  await expect(run).rejects.toThrow('a bug');
  expect(attempts).toBe(1);
});

test('an abort ends a delay at once, with its reason', async () => {
  const controller = new AbortController();
  const run = retry(
    {
      backoff: { baseMs: 3_600_000, maxMs: 3_600_000, random: () => 0.9 },
      signal: controller.signal,
      onAgain: () => controller.abort(new Error('enough')),
    },
    async () => ({ kind: 'again', cause: 'down' }),
  );
  await expect(run).rejects.toThrow('enough');
  await expect(delay(3_600_000, controller.signal)).rejects.toThrow('enough');
});
