// Runs Cloud Hypervisor with the tiny guest where IRONLOG_CLOUD_HYPERVISOR names its program.
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHypervisor } from '../factory.ts';
import { TINY_READY } from '../tiny-guest/tiny-guest.fixture.ts';
import { DIALECTS } from './interposer.fixture.ts';
import { realProgram, tinyGuests } from './programs.fixture.ts';
import type { Guest } from './subject.fixture.ts';
import { cloudHypervisors, conformance, realDevices, snapshotsWhereTheyWork } from './suite.fixture.ts';
import { recorder, until, VmFixture, within } from './vm.fixture.ts';

const program = realProgram('Cloud Hypervisor', 'IRONLOG_CLOUD_HYPERVISOR');
const make = tinyGuests();

if (program === null)
  describe('Cloud Hypervisor', () => it.skip('is not named by IRONLOG_CLOUD_HYPERVISOR', () => undefined));
else {
  const create = () => createHypervisor({ kind: 'cloud-hypervisor', program });
  const subject = {
    ...{ name: 'Cloud Hypervisor', create, readyLine: TINY_READY, dialect: DIALECTS['cloud-hypervisor'] },
    guest: await make(),
    hasVsock: true,
    countsDevices: true,
    goesOnAfterRestore: true,
    guestThatStops: await make({ after: { ticks: 20, what: 'power-off' } }),
  } as const;
  const guestThatResets = await make({ after: { ticks: 20, what: 'reset' } });
  conformance(subject);
  cloudHypervisors(subject);
  realDevices(subject);
  await snapshotsWhereTheyWork(subject);

  describe('Cloud Hypervisor alone', () => {
    const spawn = async (guest: Guest) => {
      const driver = create();
      const vm = await VmFixture.make(guest);
      onTestFinished(async () => {
        await driver.close();
        await vm.dispose();
      });
      return { driver, vm, ...(await vm.spawn(driver)) };
    };

    it('a guest that resets is reported as rebooted, in the same process, and its console goes on', async () => {
      const { driver, handle, launch, vm } = await spawn(guestThatResets);
      await driver.create(handle, launch, within(5000));
      const { events, report } = recorder();
      driver.watch(handle, report);
      await driver.boot(handle, within(5000));
      await until('two restarts are reported', () => events.length > 1);
      expect(events.slice(0, 2)).toEqual([{ kind: 'guest-rebooted' }, { kind: 'guest-rebooted' }]);
      expect((await vm.console()).split(TINY_READY).length).toBeGreaterThan(2);
      expect(await driver.observe(handle, within(5000))).toEqual({ ok: true, state: 'running' });
    });

    it('a kernel that is not there fails the boot in its own words, without the path', async () => {
      const { driver, handle, launch } = await spawn({ image: { kernel: '/nonexistent/kernel' } });
      expect(await driver.create(handle, launch, within(5000))).toEqual({ ok: true });
      const booted = await driver.boot(handle, within(5000));
      expect(booted).toMatchObject({ code: 'failed', reason: expect.stringContaining('No such file or directory') });
      expect(JSON.stringify({ ...booted, detail: '' })).not.toContain('/nonexistent');
    });
  });
}
