// A shutdown or a reboot that was cut off with its executor: the next one goes on with it, and says truly whether it forced.
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { findByDirectory } from '@ironlog/hypervisor';
import type { VmFact } from '@ironlog/schemas';
import { expect, test, vi } from 'vitest';
import { consoleTail } from '../console/console-file.ts';
import { BOUND, HOST, intent, testHost } from '../host.fixture.ts';

const host = testHost();
const IGNORES_BUTTON = { kernelArgs: 'sim.ignore-power-button' };
const shutdown = (timeoutSeconds: number): VmFact => ({
  name: 'shutdown-started',
  data: { ...intent, mode: 'graceful', timeoutSeconds },
});

/** Resolves when the executor begins to ask a guest to stop. */
const isAsked = (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  host.driver = (simulator) => ({
    ...simulator,
    shutdown: (handle, deadline) => {
      resolve();
      return simulator.shutdown(handle, deadline);
    },
  });
  return promise;
};

test('a guest that is asked to stop keeps its grace, and one that is killed at its end was forced', async () => {
  const { id, pid } = await host.made(true, IGNORES_BUTTON);
  await host.append(id, HOST, shutdown(60));
  const asked = isAsked();
  await host.start();
  await asked;
  await host.stop();
  expect(await host.running()).toEqual([[pid, host.directoryOf(id), 1]]);
  expect((await host.last(id))?.name).toBe('shutdown-started');
  const again = isAsked();
  await host.start();
  await again;
  await host.kill(pid);
  await host.until(id, 'stopped');
  expect(await host.last(id)).toMatchObject({ data: { epoch: 1, cause: 'requested', forced: true } });
});

test('the grace passes while no executor runs: the guest gets what is left of it', async () => {
  const { id } = await host.made(true, IGNORES_BUTTON);
  await host.append(id, HOST, shutdown(4));
  await wait(3000);
  await host.start();
  await host.until(id, 'stopped');
  const stopped = await host.last(id);
  expect(stopped).toMatchObject({ data: { forced: true } });
  expect(stopped?.name === 'stopped' && stopped.data.tookMs).toBeLessThan(3000);
});

test('a guest that stopped while no executor ran was not forced; one that was killed was', async () => {
  const [obeyed, killed] = [await host.made(true), await host.made(true)];
  for (const { id } of [obeyed, killed]) await host.append(id, HOST, shutdown(60));
  await host.switchOff(obeyed.id);
  await host.kill(killed.pid);
  await host.start();
  for (const { id } of [obeyed, killed]) await host.until(id, 'stopped');
  expect(await host.last(obeyed.id)).toMatchObject({ data: { cause: 'requested', forced: false } });
  expect(await host.last(killed.id)).toMatchObject({ data: { cause: 'requested', forced: true } });
});

test('how a guest ended is still known when its outcome could not be appended', async () => {
  const { id } = await host.made(true);
  await host.append(id, HOST, shutdown(60));
  const refused = Promise.withResolvers<void>();
  host.appending = ({ type }) => {
    if (type !== 'ironlog.vm.stopped.v1') return;
    refused.resolve();
    throw new Error('the log is not reached');
  };
  await host.start();
  await refused.promise;
  await host.stop();
  expect(await host.running()).toEqual([]);
  host.appending = () => undefined;
  await host.start();
  await host.until(id, 'stopped');
  expect(await host.last(id)).toMatchObject({ data: { cause: 'requested', forced: false } });
});

test("an interrupted reboot asks the guest again, in the previous epoch's process; a silent guest is forced", async () => {
  const reboot: VmFact = { name: 'reboot-started', data: { ...intent, epoch: 2, force: false, timeoutSeconds: 3 } };
  const [obeying, silent] = [await host.made(true), await host.made(true, IGNORES_BUTTON)];
  for (const { id } of [obeying, silent]) await host.append(id, HOST, reboot);
  await host.start();
  for (const { id, forced, asked } of [
    { ...obeying, forced: false, asked: 1 },
    { ...silent, forced: true, asked: 0 },
  ]) {
    // It may already be responsive as well.
    await vi.waitFor(async () => expect(await host.names(id)).toContain('rebooted'), BOUND);
    const rebooted = (await host.story(id)).find(({ name }) => name === 'rebooted');
    expect(rebooted).toMatchObject({ data: { epoch: 2, cause: 'requested', forced } });
    const directory = host.directoryOf(id);
    const console = consoleTail(directory, 65_536)?.bytes.toString();
    expect(console?.match(/power button/g) ?? []).toHaveLength(asked);
    expect((await findByDirectory(directory)).map(({ epoch }) => epoch)).toEqual([2]);
    await vi.waitFor(() => expect(readdirSync(directory).filter((name) => name.startsWith('e1.'))).toEqual([]), BOUND);
  }
});
