// Commands as they come to an executor: each is answered once, by what the log says and not by what this process last read.
import type { VmFact } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { testHost } from './host.fixture.ts';

const host = testHost();

test('a command for a revision that recovery has made is not refused for what this host has not read', async () => {
  const { id } = await host.made(true);
  await host.start();
  const stuck: VmFact = {
    name: 'stuck',
    data: { verb: 'boot', deadline: new Date().toISOString(), actionRequired: 'look at the host' },
  };
  await host.say(id, 'recovery', stuck);
  expect(await host.send(id, 'pause', { expectedRevision: 5 })).toBe('acked');
  await host.until(id, 'paused');
  expect(host.rejections()).toEqual([]);
});
