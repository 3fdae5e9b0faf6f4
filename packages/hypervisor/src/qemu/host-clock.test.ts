import { expect, it } from 'vitest';
import { clockArguments, fastestKiloHertz } from './host-clock.ts';

it('takes the fastest core', () => {
  expect(fastestKiloHertz('cpu MHz\t\t: 800.000\nflags\t: tsc\ncpu MHz\t\t: 2596.133\n')).toBe(2_596_133);
});

it('gives no rate where none is told', async () => {
  expect(fastestKiloHertz('processor: 0\n')).toBeNull();
  expect(await clockArguments()).toContain('no_timer_check');
});
