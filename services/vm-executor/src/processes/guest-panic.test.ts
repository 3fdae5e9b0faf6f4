// A guest whose kernel panics, in a real simulator: on record without a word of its console, which is in the host's log.
import { expect, test, vi } from 'vitest';
import { consoleLines } from '../console/console-lines.ts';
import { BOUND, testHost } from '../host.fixture.ts';

const host = testHost();

test('is on record as panicked, in its epoch, and runs', async () => {
  const { id } = await host.made(true, { kernelArgs: 'sim.guest-panic-after-ms=4000' });
  await host.start();
  await vi.waitFor(async () => expect(await host.names(id)).toContain('guest-panicked'), BOUND);
  const event = (await host.story(id)).find(({ name }) => name === 'guest-panicked');
  expect(event?.data).toEqual({ epoch: 1 });
  expect(JSON.stringify(event)).not.toContain('Kernel panic');
  await vi.waitFor(() => expect(consoleLines(host.directoryOf(id))).toContain('Kernel panic'), BOUND);
  expect(host.logged.find((line) => line.includes('a guest panicked'))).toContain('Kernel panic - not syncing');
});
