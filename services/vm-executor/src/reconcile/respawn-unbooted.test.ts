// A VM before its first boot, across a stop of the whole plane.
import { rmSync } from 'node:fs';
import { removeLaunchRecord } from '@ironlog/hypervisor';
import { expect, test } from 'vitest';
import { HOST, intent, testHost } from '../host.fixture.ts';

const host = testHost();

/** As the end of `npm start` does it, with no executor running. */
const stoppedInOrder = async () => {
  const made = await host.made(false);
  await host.kill(made.pid);
  await removeLaunchRecord(host.directoryOf(made.id));
  return made;
};

test('it gets a new process when its own was stopped in order, and boots in that', async () => {
  const { id } = await stoppedInOrder();
  await host.start();
  expect((await host.last(id))?.name).toBe('created');
  const running = await host.running();
  expect(running).toEqual([[expect.any(Number), host.directoryOf(id), 1]]);
  await host.stop();
  await host.append(id, HOST, { name: 'boot-started', data: { ...intent, epoch: 1 } });
  await host.start();
  await host.until(id, 'booted');
  expect(await host.last(id)).toMatchObject({ data: { epoch: 1, pid: running[0]?.[0] } });
});

test('it has crashed when its process was killed', async () => {
  const { id, pid } = await host.made(false);
  await host.kill(pid);
  await host.start();
  expect(await host.last(id)).toMatchObject({ name: 'crashed', data: { detectedBy: 'adoption' } });
});

test('it has crashed when the disk with its directory is lost', async () => {
  const { id } = await stoppedInOrder();
  rmSync(host.root, { recursive: true });
  await host.start();
  expect((await host.last(id))?.name).toBe('crashed');
  expect(await host.running()).toEqual([]);
});
