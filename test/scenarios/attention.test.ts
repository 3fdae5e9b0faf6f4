// A running VM that needs attention, over HTTP: it is listed with the action to take, and leaves the list by an event.
import { rmSync } from 'node:fs';
import { findUnder } from '@ironlog/hypervisor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

interface Item {
  readonly kind: string;
  readonly vmId: string | null;
  readonly actionRequired: string;
}

let test: TestPlane;
beforeAll(async () => {
  test = await startTestPlane({ extra: { 'vm-executor': { IRONLOG_HEALTH_CHECK_SECONDS: '1' } } });
}, 120_000);
afterAll(() => test.stop());

const start = (id: string) => test.http('POST', '/v1/vms', { wait: 30, body: { id, start: true } });
const processOf = async (id: string) => {
  const [found] = (await findUnder(`${test.plane.stateDir}/host-1`)).filter(({ directory }) =>
    directory.endsWith(`/${id}`),
  );
  if (!found) throw new Error(`no process of ${id}`);
  return found;
};
const itemsOf = async (id: string): Promise<Item[]> =>
  (await test.http<{ items: Item[] }>('GET', '/v1/attention')).body.items.filter(({ vmId }) => vmId === id);
const listed = (id: string, kind: string) =>
  until(`${id} is listed as ${kind}`, async () => (await itemsOf(id)).find((item) => item.kind === kind));
const unlisted = (id: string) =>
  until(`${id} is no longer listed`, async () => ((await itemsOf(id)).length === 0 ? true : undefined));

it('a process that is stopped by a signal is listed until it continues', async () => {
  await start('halted');
  const { identity } = await processOf('halted');
  process.kill(identity.pid, 'SIGSTOP');
  try {
    expect((await listed('halted', 'unresponsive')).actionRequired).toContain('continue the process');
  } finally {
    process.kill(identity.pid, 'SIGCONT');
  }
  await unlisted('halted');
  expect(await test.vm('halted')).toMatchObject({ state: 'running', health: 'responsive', attention: null });
});

it('a VM whose directory was removed is listed until it is deleted with force, which ends its process', async () => {
  await start('removed');
  const { directory, identity } = await processOf('removed');
  rmSync(directory, { recursive: true });
  expect((await listed('removed', 'unresponsive')).actionRequired).toContain('directory is missing');
  expect(await test.command('DELETE', '/v1/vms/removed?force=true')).toMatchObject({ status: 'succeeded' });
  await unlisted('removed');
  expect((await findUnder(`${test.plane.stateDir}/host-1`)).map((found) => found.identity.pid)).not.toContain(
    identity.pid,
  );
});
