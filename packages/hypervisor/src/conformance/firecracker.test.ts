// Runs Firecracker with the tiny guest where IRONLOG_FIRECRACKER names its program.
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHypervisor } from '../factory.ts';
import { TINY_READY } from '../tiny-guest/tiny-guest.fixture.ts';
import { DIALECTS } from './interposer.fixture.ts';
import { realProgram, tinyGuests } from './programs.fixture.ts';
import type { Guest } from './subject.fixture.ts';
import { conformance, realDevices, snapshotsWhereTheyWork } from './suite.fixture.ts';
import { recorder, until, VmFixture, within } from './vm.fixture.ts';

const program = realProgram('Firecracker', 'IRONLOG_FIRECRACKER');
const make = tinyGuests();

if (program === null) describe('Firecracker', () => it.skip('is not named by IRONLOG_FIRECRACKER', () => undefined));
else {
  const create = () => createHypervisor({ kind: 'firecracker', program });
  const guest = await make();
  const guestThatResets = await make({ after: { ticks: 20, what: 'reset' } });
  const subject = {
    ...{ name: 'Firecracker', create, guest, readyLine: TINY_READY, dialect: DIALECTS.firecracker },
    guestThatStops: await make({ after: { ticks: 20, what: 'power-off' } }),
    hasVsock: true,
    goesOnAfterRestore: true,
  } as const;
  conformance(subject);
  realDevices(subject);
  await snapshotsWhereTheyWork(subject);

  describe('Firecracker alone', () => {
    const spawn = async (what: Guest) => {
      const driver = create();
      const vm = await VmFixture.make(what);
      onTestFinished(async () => {
        await driver.close();
        await vm.dispose();
      });
      return { driver, vm, ...(await vm.spawn(driver)) };
    };

    it('a guest that resets has stopped: there is no restart inside a process', async () => {
      const { driver, handle, launch, exited } = await spawn(guestThatResets);
      await driver.create(handle, launch, within(5000));
      const { events, report } = recorder();
      driver.watch(handle, report);
      await driver.boot(handle, within(5000));
      await until('the end is reported', () => events.some(({ kind }) => kind === 'gone'));
      expect(events).toMatchObject([
        { kind: 'guest-stopped', processStays: false },
        { kind: 'gone', guestStopped: true },
      ]);
      expect(await exited).toEqual({ exitCode: 0, signal: null });
    });

    it('what is out of its range is refused at create in its own words, and no VM is defined', async () => {
      const { driver, handle, launch } = await spawn(guest);
      const wanted = { ...launch, spec: { cpus: 33, memoryMiB: 128 } };
      const created = await driver.create(handle, wanted, within(5000));
      expect(created).toMatchObject({ code: 'refused', stage: 'machine-config', retryable: false });
      expect(created.ok || created.reason).toMatch(/vCPU/i);
      expect(await driver.observe(handle, within(5000))).toEqual({ ok: true, state: 'absent' });
      expect(await driver.create(handle, launch, within(5000))).toEqual({ ok: true });
    });

    it('a kernel that is not there is refused at create, without the path', async () => {
      const { driver, handle, launch } = await spawn({ image: { kernel: '/nonexistent/kernel' } });
      const created = await driver.create(handle, launch, within(5000));
      expect(created).toMatchObject({ code: 'refused', reason: expect.stringContaining('No such file or directory') });
      expect(JSON.stringify({ ...created, detail: '' })).not.toContain('/nonexistent');
    });

    it('refuses an image without a kernel', async () => {
      const driver = create();
      const vm = await VmFixture.make({ image: {} });
      onTestFinished(() => vm.dispose());
      expect(await driver.spawn(vm.launch())).toMatchObject({ ok: false, code: 'refused' });
    });
  });
}
