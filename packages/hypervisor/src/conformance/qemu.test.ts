// Runs QEMU where it is installed: with the tiny guest, and with Linux where IRONLOG_KERNEL and IRONLOG_INITRD name a
// demo kernel. IRONLOG_QEMU names a program that is not on PATH. IRONLOG_QEMU_REQUIRED=1 fails when one is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createHypervisor } from '../factory.ts';
import { killProcess } from '../process/exit/kill.ts';
import { chooseAccelerator } from '../qemu/accelerator.ts';
import { TINY_READY } from '../tiny-guest/tiny-guest.fixture.ts';
import { DIALECTS } from './interposer.fixture.ts';
import { tinyGuests } from './programs.fixture.ts';
import { conformance, lifeOnly, realDevices } from './suite.fixture.ts';
import { recorder, until, VmFixture, within } from './vm.fixture.ts';

const program = process.env.IRONLOG_QEMU ?? 'qemu-system-x86_64';
const kernel = process.env.IRONLOG_KERNEL ?? '';
const initrd = process.env.IRONLOG_INITRD ?? '';
const READY = 'ironlog-guest: ready';

const create = () => createHypervisor({ kind: 'qemu', program, accelerator: 'tcg' });
const runs = spawnSync(program, ['--version']).status === 0;
if (runs) {
  const make = tinyGuests();
  const subject = {
    ...{ name: 'QEMU with the tiny guest', create, readyLine: TINY_READY, dialect: DIALECTS.qmp },
    ...{ isDefinedBySpawn: true, takesOneClient: true },
    guest: await make(),
    guestThatStops: await make({ after: { ticks: 20, what: 'power-off' } }),
  } as const;
  conformance(subject);
  realDevices(subject);
}

function missing(): string | null {
  if (!runs) return `${program} does not run; install it with: apt-get install -y qemu-system-x86`;
  if (!existsSync(kernel)) return `IRONLOG_KERNEL=${JSON.stringify(kernel)} is no file`;
  if (!existsSync(initrd)) return `IRONLOG_INITRD=${JSON.stringify(initrd)} is no file`;
  return null;
}

const reason = missing();
if (reason !== null) {
  console.warn(`QEMU's tests are skipped: ${reason}`);
  it.skipIf(process.env.IRONLOG_QEMU_REQUIRED !== '1')(`QEMU is here (${reason})`, () => expect(reason).toBeNull());
} else {
  const image = { kernel, initrd };
  lifeOnly({
    ...{ name: 'QEMU with Linux', create, readyLine: READY, dialect: DIALECTS.qmp },
    guest: { image },
    guestThatStops: { image, kernelArgs: 'ironlog.poweroff=0' },
  });

  describe('QEMU alone', () => {
    it('a guest that panics and restarts itself is reported as rebooted, not as stopped', async () => {
      const hypervisor = create();
      const vm = await VmFixture.make({ image });
      onTestFinished(() => vm.dispose());
      // No such init: the kernel panics; `panic=-1` restarts it.
      const { handle } = await vm.running(hypervisor, 'rdinit=/none init=/none reboot=t panic=-1');
      const { events, report } = recorder();
      hypervisor.watch(handle, report);
      await until('the restart is reported', () => events.length > 0, 30_000);
      // The pvpanic driver is not loaded yet: QEMU gets no panic.
      expect(events[0]).toEqual({ kind: 'guest-rebooted' });
      await hypervisor.close();
    });

    it.each([
      // With reboot=t, as for the demo image: other restart methods hang now and then on this machine type.
      ['and restarts itself', 'reboot=t panic=-1', [{ kind: 'guest-panicked' }, { kind: 'guest-rebooted' }]],
      ['and stays as it is', 'panic=0', [{ kind: 'guest-panicked' }]],
    ])(
      'a guest that panics %s says so through its panic device',
      async (_, kernelArgs, expected) => {
        const hypervisor = create();
        const vm = await VmFixture.make({ image });
        onTestFinished(() => vm.dispose());
        const { handle } = await vm.running(hypervisor, `ironlog.panic=0 ${kernelArgs}`);
        const { events, report } = recorder();
        hypervisor.watch(handle, report);
        await until('all is reported', () => events.length >= expected.length, 50_000);
        expect(events).toEqual(expected);
        expect(await vm.console()).toContain('Kernel panic - not syncing');
        expect(await hypervisor.observe(handle, within(5000))).toMatchObject({ state: 'running' });
        await hypervisor.close();
      },
      120_000,
    );

    it('waits to be ended when its guest has switched itself off, and the word of that outlives it', async () => {
      const hypervisor = create();
      const vm = await VmFixture.make({ image });
      onTestFinished(() => vm.dispose());
      const { handle } = await vm.running(hypervisor, 'ironlog.poweroff=0');
      const { events, report } = recorder();
      hypervisor.watch(handle, report);
      await until('the stop is reported', () => events.length > 0, 30_000);
      expect(await hypervisor.observe(handle, within(5000))).toMatchObject({ state: 'shutdown' });
      expect(await hypervisor.guestHadStopped(handle)).toBe(true);
      expect(await killProcess(handle.identity, { graceMs: 0 })).toEqual({ kind: 'dead', by: 'SIGKILL' });
      await until('the end is reported', () => events.length > 1);
      expect(events).toMatchObject([
        { kind: 'guest-stopped', processStays: true },
        { kind: 'gone', guestStopped: true },
      ]);
      await hypervisor.close();
    });

    it('refuses an image without a kernel', async () => {
      const hypervisor = create();
      const vm = await VmFixture.make({ image: {} });
      onTestFinished(() => vm.dispose());
      expect(await hypervisor.spawn(vm.launch())).toMatchObject({ ok: false, code: 'refused' });
    });

    it('says where to look when QEMU does not take its arguments', async () => {
      const hypervisor = create();
      const vm = await VmFixture.make({ image: { kernel: '/nonexistent/kernel' } });
      onTestFinished(() => vm.dispose());
      const { handle, launch } = await vm.spawn(hypervisor);
      expect(await hypervisor.create(handle, launch, within(10_000))).toMatchObject({ ok: false, code: 'unreachable' });
      expect(await readFile(join(vm.directory, 'hypervisor.log'), 'utf8')).toContain('/nonexistent/kernel');
    });
  });

  describe('the choice of the accelerator', () => {
    let directory: string;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'ironlog-accel-'));
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    it('is made once, and kept', async () => {
      const probe = { program, kernel, initrd, readyLine: READY, cachePath: join(directory, 'accelerator.json') };
      const first = await chooseAccelerator(probe);
      expect(await chooseAccelerator({ ...probe, readyLine: 'never said' })).toEqual(first);
    });

    it('takes a broken answer for none', async () => {
      const cachePath = join(directory, 'broken.json');
      await writeFile(cachePath, '{');
      const choice = await chooseAccelerator({ program, kernel, initrd, readyLine: 'never said', cachePath });
      expect(choice.accelerator).toBe('tcg');
    });
  });
}
