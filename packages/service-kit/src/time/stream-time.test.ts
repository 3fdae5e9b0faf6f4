import { expect, test } from 'vitest';
import { createMetrics } from '../telemetry/metrics.ts';
import { createManualClock } from './clock.ts';
import { startStreamTime } from './stream-time.ts';

const SERVER = new Date('2030-01-01T00:00:00.000Z');
const { signal } = new AbortController();

test('the offset is a metric, and the last reading is kept while the server does not answer', async () => {
  const machine = createManualClock(new Date(SERVER.getTime() + 7_200_000));
  const metrics = createMetrics({ service: 'test' });
  let isSilent = false;
  const ask = async (): Promise<Date> => {
    if (isSilent) throw new Error('no answer');
    return new Date(SERVER.getTime() + machine.monotonicMs());
  };
  const time = await startStreamTime({ clock: machine, metrics, signal, ask });
  expect(await metrics.text()).toContain('ironlog_host_clock_offset_seconds{service="test"} 7200\n');
  machine.jump(-7_200_000);
  machine.advance(3_000);
  isSilent = true;
  await expect(time.measure()).rejects.toThrow('no answer');
  expect(time.clock.now()).toEqual(new Date(SERVER.getTime() + 3_000));
  isSilent = false;
  expect(await time.measure()).toMatchObject({ offsetMs: 0 });
  expect(await metrics.text()).toContain('ironlog_host_clock_offset_seconds{service="test"} 0\n');
});

test('a first reading that fails is retried', async () => {
  let attempts = 0;
  const ask = async (): Promise<Date> => {
    attempts += 1;
    if (attempts === 1) throw new Error('no leader yet');
    return SERVER;
  };
  const machine = createManualClock(new Date());
  const time = await startStreamTime({ clock: machine, metrics: createMetrics({ service: 'test' }), signal, ask });
  expect(time.clock.now()).toEqual(SERVER);
});
