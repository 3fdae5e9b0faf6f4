// A process that died while its VM's task was on record and did not run yet: the look after the task is what tells of it, and
// must not be lost with a log that is away for a moment, whether or not there are health checks.
import { LogUnavailableError } from '@ironlog/event-log';
import { expect, test, vi } from 'vitest';
import { BOUND, testHost } from '../host.fixture.ts';

const host = testHost();

test('a look after a task that is cut off is made again, without any health checks', async () => {
  const { id, pid } = await host.made(true);
  host.healthCheckMs = 0;
  await host.start();
  const onRecord = Promise.withResolvers<void>();
  let cutOff = 0;
  host.appending = (event) => {
    if (!('name' in event)) return undefined;
    if (event.name === 'crashed' && cutOff === 0) {
      cutOff += 1;
      throw new LogUnavailableError('away for a moment', undefined);
    }
    return event.name === 'pause-started' ? onRecord.promise : undefined;
  };
  const sent = host.send(id, 'pause');
  await host.kill(pid);
  await vi.waitFor(async () => expect(await host.metrics.text()).toMatch(/hypervisor_processes\{.*\} 0\n/), BOUND);
  onRecord.resolve();
  expect(await sent).toBe('acked');
  await host.until(id, 'crashed');
  expect([cutOff, (await host.names(id)).slice(4)]).toEqual([1, ['pause-started', 'pause-failed', 'crashed']]);
});
