// A superseded executor (P4) touches no process any more, whatever it was doing.
import { setTimeout as sleep } from 'node:timers/promises';
import { newVmId, type VmFact } from '@ironlog/schemas';
import { expect, test, vi } from 'vitest';
import { BOUND, HOST, testHost } from '../host.fixture.ts';

const host = testHost();
const isSuperseded = () => vi.waitFor(() => expect(host.superseded).toHaveLength(1), BOUND);

test('a guest that does not stop within its grace is not forced any more', async () => {
  const id = newVmId();
  await host.start();
  await host.send(id, 'create', { params: { start: true, spec: { kernelArgs: 'sim.ignore-power-button' } } });
  await host.until(id, 'booted');
  const before = await host.running();
  await host.send(id, 'shutdown', { params: { timeoutSeconds: 1 } });
  await host.startAnother();
  await isSuperseded();
  await sleep(500);
  expect(await host.running()).toEqual(before);
  expect((await host.last(id))?.name).toBe('shutdown-started');
});

test.each(['pause', 'shutdown', 'reboot', 'delete'] as const)(
  'a %s is neither run nor acked: it is redelivered to the successor',
  async (verb) => {
    const { id } = await host.made(true);
    await host.start();
    const before = await host.running();
    await host.startAnother();
    const params = verb === 'delete' || verb === 'reboot' ? { force: true } : {};
    expect(await host.send(id, verb, { params })).toBe('naked');
    await isSuperseded();
    await sleep(500);
    expect(await host.running()).toEqual(before);
    expect((await host.last(id))?.name).toBe(`${verb}-started`);
  },
);

test('a VM to be reconciled is left to the successor', async () => {
  const { id } = await host.made(true);
  await host.start();
  await host.startAnother();
  const lost: VmFact = { name: 'lost', data: { host: HOST, reason: 'silent' } };
  await host.append(id, 'recovery', lost);
  await isSuperseded();
  expect((await host.last(id))?.name).toBe('lost');
});
