// A failure's reason is for the tenant: it omits the host's paths and library error codes.
import { mkdirSync } from 'node:fs';
import { newVmId, type VmEvent } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { claim, HOST, intent, TENANT, testHost } from '../host.fixture.ts';

const host = testHost();

/** The last event of a VM that is created, or also booted, with `kernelArgs`. */
const lifeOf = async (kernelArgs: string, last: VmEvent['name']) => {
  const id = newVmId();
  await host.append(id, HOST, claim(HOST, true, { kernelArgs }));
  await host.start();
  await host.until(id, last);
  return host.last(id);
};

const nothingOfTheHost = (): void => {
  const log = host.stream.entries.map(({ bytes }) => new TextDecoder().decode(bytes)).join('\n');
  expect(log).not.toContain(host.root);
  expect(log).not.toMatch(/UND_ERR|\bE[A-Z]{4,}\b|other side closed/);
};

test.each([
  ['sim.exit=vm.boot', 'boot-failed', 'vm.boot: the hypervisor process ended during the call (exit code 1)'],
  ['sim.exit=vm.create', 'create-failed', 'vm.create: the hypervisor process ended during the call (exit code 1)'],
  ['sim.fail=vm.boot', 'boot-failed', 'vm.boot: the hypervisor answered 500: told to fail; the VM is created'],
  ['sim.garbage=vm.info sim.fail=vm.boot', 'boot-failed', 'vm.boot: the hypervisor answered 500: told to fail'],
  ['sim.half=vm.boot', 'boot-failed', "vm.boot: the hypervisor's answer was broken off"],
  ['sim.huge=vm.boot', 'boot-failed', "vm.boot: the hypervisor's answer was longer than 262144 bytes"],
] as const)('%s: %s', async (kernelArgs, last, reason) => {
  const event = await lifeOf(kernelArgs, last);
  expect(event).toMatchObject({ data: { reason } });
  nothingOfTheHost();
});

test('a process whose files cannot be made', async () => {
  await host.start();
  await host.stop();
  const id = newVmId();
  await host.append(id, HOST, claim(HOST, false), { name: 'created', data: { epoch: 0 } });
  await host.append(id, HOST, { name: 'boot-started', data: { ...intent, epoch: 1 } });
  mkdirSync(`${host.directoryOf(id)}/hypervisor.log`, { recursive: true });
  await host.start();
  await host.until(id, 'boot-failed');
  const reason = "the VM's files could not be made: something on the host is in the way";
  expect(await host.last(id)).toMatchObject({ data: { stage: 'prepare', reason } });
  nothingOfTheHost();
});

test('what is reaped is named by tenant and VM', async () => {
  const { id } = await host.made(true);
  await host.append(id, HOST, { name: 'stopped', data: { epoch: 1, cause: 'guest', forced: false } });
  await host.start();
  expect(host.reaped()).toMatchObject([{ directory: `${TENANT}/${id}` }]);
  nothingOfTheHost();
});
