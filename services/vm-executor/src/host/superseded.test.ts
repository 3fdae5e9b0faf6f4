// An executor whose host another has taken over (P4): from then on it touches no process, whatever it was about to do.
import { setTimeout as sleep } from 'node:timers/promises';
import { newVmId, type VmFact } from '@ironlog/schemas';
import { expect, test, vi } from 'vitest';
import { BOUND, HOST, testHost } from '../host.fixture.ts';

const host = testHost();
const told = () => vi.waitFor(() => expect(host.superseded).toHaveLength(1), BOUND);

test('a guest that does not stop in its time is not ended by force any more', async () => {
  const id = newVmId();
  await host.start();
  await host.send(id, 'create', { params: { start: true, spec: { kernelArgs: 'sim.ignore-power-button' } } });
  await host.until(id, 'booted');
  const before = await host.running();
  await host.send(id, 'shutdown', { params: { timeoutSeconds: 1 } });
  await host.startAnother();
  await told();
  await sleep(500);
  expect(await host.running()).toEqual(before);
  expect((await host.last(id))?.name).toBe('shutdown-started');
});

test.each(['pause', 'shutdown', 'reboot', 'delete'] as const)(
  'a %s is neither done nor acked: it comes again, to the one that can',
  async (verb) => {
    const { id } = await host.made(true);
    await host.start();
    const before = await host.running();
    await host.startAnother();
    const params = verb === 'delete' || verb === 'reboot' ? { force: true } : {};
    expect(await host.send(id, verb, { params })).toBe('naked');
    await told();
    await sleep(500);
    expect(await host.running()).toEqual(before);
    expect((await host.last(id))?.name).toBe(`${verb}-started`);
  },
);

test('a VM that it would settle is left to the other', async () => {
  const { id } = await host.made(true);
  await host.start();
  await host.startAnother();
  const lost: VmFact = { name: 'lost', data: { host: HOST, reason: 'silent' } };
  await host.append(id, 'recovery', lost);
  await told();
  expect((await host.last(id))?.name).toBe('lost');
});
