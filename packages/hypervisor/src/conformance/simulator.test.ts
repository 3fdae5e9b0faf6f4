import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHypervisor } from '../factory.ts';
import type { Hypervisor } from '../port.ts';
import { simulated } from './simulated.fixture.ts';
import { snapshots } from './snapshots.fixture.ts';
import { cloudHypervisors, conformance } from './suite.fixture.ts';
import { recorder, until, VmFixture, within } from './vm.fixture.ts';

const create = (): Hypervisor => createHypervisor({ kind: 'simulator' });

const subject = simulated('cloud-hypervisor');
conformance(subject);
cloudHypervisors(subject);
snapshots(subject);

describe('a simulated VM misbehaves as its kernel arguments say', () => {
  let hypervisor: Hypervisor;
  let vm: VmFixture;
  beforeEach(async () => {
    hypervisor = create();
    vm = await VmFixture.make({ image: {} });
  });
  afterEach(async () => {
    await hypervisor.close();
    await vm.dispose();
  });

  it('panics, and is reported so by its event monitor, as Cloud Hypervisor is', async () => {
    const { handle } = await vm.running(hypervisor, 'sim.guest-panic-after-ms=300');
    const { events, report } = recorder();
    hypervisor.watch(handle, report);
    await until('the panic is reported', () => events.length > 0);
    expect(events).toEqual([{ kind: 'guest-panicked' }]);
    expect(await vm.console()).toContain('Kernel panic');
  });

  it.each([
    ['sim.fail=vm.pause', 'failed'],
    ['sim.hang=vm.pause', 'timeout'],
    ['sim.half=vm.info sim.fail=vm.pause', 'failed'],
    ['sim.exit=vm.pause', 'unreachable'],
  ])('%s: pause ends as %s', async (kernelArgs, code) => {
    const { handle } = await vm.running(hypervisor, kernelArgs);
    expect(await hypervisor.pause(handle, within(500))).toMatchObject({ ok: false, code, retryable: true });
  });

  it.each(['garbage', 'huge', 'half'])('sim.%s=vm.info: observe ends as bad-answer', async (fault) => {
    const { handle } = await vm.running(hypervisor, `sim.${fault}=vm.info`);
    expect(await hypervisor.observe(handle, within(5000))).toMatchObject({ ok: false, code: 'bad-answer' });
  });

  it('sim.fail=vm.create: there is no VM afterwards, and the next create fails too', async () => {
    const { handle, launch } = await vm.spawn(hypervisor, vm.launch(1, 'sim.fail=vm.create'));
    for (const _ of [1, 2])
      expect(await hypervisor.create(handle, launch, within(5000))).toMatchObject({
        ok: false,
        code: 'failed',
        stage: 'vm.create',
      });
    expect(await hypervisor.observe(handle, within(5000))).toMatchObject({ ok: true, state: 'absent' });
  });

  it('sim.ignore-power-button: shutdown presses until its deadline', async () => {
    const { handle } = await vm.running(hypervisor, 'sim.ignore-power-button');
    expect(await hypervisor.shutdown(handle, within(1200))).toMatchObject({ ok: false, code: 'timeout' });
    expect(await hypervisor.observe(handle, within(5000))).toMatchObject({ ok: true, state: 'running' });
  });

  it('sim.guest-poweroff-after-ms: the stop is reported, and readable by an executor that was away', async () => {
    const { handle } = await vm.running(hypervisor, 'sim.guest-poweroff-after-ms=50');
    const { events, report } = recorder();
    hypervisor.watch(handle, report);
    await until('the end is reported', () => events.some(({ kind }) => kind === 'gone'));
    expect(events).toMatchObject([{ kind: 'guest-stopped' }, { kind: 'gone', guestStopped: true }]);
    expect(await hypervisor.observe(handle, within(5000))).toEqual({ ok: true, state: 'absent' });
    expect(await hypervisor.guestHadStopped(handle)).toBe(true);
  });

  it('sim.guest-reboot-after-ms: the restart is reported, and the process is the same', async () => {
    const { handle } = await vm.running(hypervisor, 'sim.guest-reboot-after-ms=50');
    const { events, report } = recorder();
    hypervisor.watch(handle, report);
    await until('the restart is reported', () => events.length > 0);
    expect(events).toEqual([{ kind: 'guest-rebooted' }]);
    expect(await hypervisor.observe(handle, within(5000))).toMatchObject({ ok: true, state: 'running' });
  });

  it('sim.exit-after-ms: a crash, with no word of a stop', async () => {
    const { handle, exited } = await vm.running(hypervisor, 'sim.exit-after-ms=50');
    expect(await exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
    expect(await hypervisor.observe(handle, within(5000))).toEqual({ ok: true, state: 'absent' });
    expect(await hypervisor.guestHadStopped(handle)).toBe(false);
  });
});

it('keeps its compiled code where its owner can go, and nobody else', async () => {
  const vm = await VmFixture.make({ image: {} });
  const cacheDirectory = join(vm.directory, 'compile-cache');
  const hypervisor = createHypervisor({ kind: 'simulator', cacheDirectory });
  try {
    await vm.running(hypervisor);
    const folders = await readdir(cacheDirectory);
    expect(folders).toHaveLength(1);
    for (const path of [cacheDirectory, join(cacheDirectory, folders[0] ?? '')])
      expect((await stat(path)).mode & 0o777).toBe(0o700);
  } finally {
    await hypervisor.close();
    await vm.dispose();
  }
});
