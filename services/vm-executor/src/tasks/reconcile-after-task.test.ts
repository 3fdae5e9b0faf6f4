// A process that died after its VM's task was recorded and before it ran: only the reconciliation after the task records it.
// A short log outage must not lose it, with or without health checks.
import { LogUnavailableError } from '@ironlog/event-log';
import { expect, test, vi } from 'vitest';
import { BOUND, testHost } from '../host.fixture.ts';

const host = testHost();

test('an interrupted reconciliation after a task is retried, without any health checks', async () => {
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
