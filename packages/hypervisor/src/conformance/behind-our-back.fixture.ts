// Another client of the socket, or a change of the VM's directory, alters the driver's state: the next call works.
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { killProcess } from '../process/exit/kill.ts';
import { findByDirectory } from '../process/table/find.ts';
import { Rig } from './rig.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { recorder, until, within } from './vm.fixture.ts';

export function behindOurBack(subject: Subject): void {
  describe('behind our back', () => {
    const rig = new Rig(subject);

    it('it is paused and resumed: that is seen, and the next verb does what is left', async () => {
      const { handle } = await rig.in('running');
      await rig.with((other) => other.pause(handle, within(5000)));
      expect(await rig.stateOf(handle)).toBe('paused');
      expect(await rig.with((driver) => driver.pause(handle, within(5000)))).toMatchObject({ ok: true });
      expect(await rig.with((driver) => driver.resume(handle, within(5000)))).toMatchObject({ ok: true });
      await rig.with((other) => other.pause(handle, within(5000)));
      await rig.with((other) => other.resume(handle, within(5000)));
      expect(await rig.with((driver) => driver.resume(handle, within(5000)))).toMatchObject({ ok: true });
      expect(await rig.stateOf(handle)).toBe('running');
    });

    it('its guest is switched off: whoever watches is told, once, and a shutdown has nothing left to do', async () => {
      const { handle, exited } = await rig.in('running');
      const { events, report } = recorder();
      const watching = rig.driver();
      watching.watch(handle, report);
      // QEMU has one client: the watcher.
      if (subject.takesOneClient) await watching.shutdown(handle, within(20_000));
      else await rig.with((other) => other.shutdown(handle, within(20_000)));
      await exited;
      await until('the end is reported', () => events.some(({ kind }) => kind === 'gone'));
      expect(events).toMatchObject([{ kind: 'guest-stopped' }, { kind: 'gone', guestStopped: true }]);
      expect(await watching.shutdown(handle, within(5000))).toMatchObject({ ok: true });
    });

    it.each([
      ['its socket', (directory: string) => `${directory}/e1.sock`],
      ['its directory', (directory: string) => directory],
    ])('%s is removed: it is not called dead, it is found by its arguments, and its end is told', async (_, victim) => {
      const { handle, exited } = await rig.in('running');
      const { events, report } = recorder();
      const watching = rig.driver();
      watching.watch(handle, report);
      await rig.with((driver) => driver.observe(handle, within(200)));
      rmSync(victim(rig.vm.directory), { recursive: true });
      const seen = await rig.with((driver) => driver.observe(handle, within(5000)));
      expect(seen).toMatchObject({ ok: false, code: 'unreachable', retryable: true });
      expect((await findByDirectory(rig.vm.directory)).map(({ identity }) => identity)).toEqual([handle.identity]);
      expect(await killProcess(handle.identity, { graceMs: 0 })).toEqual({ kind: 'dead', by: 'SIGKILL' });
      await exited;
      await until('the end is reported', () => events.length > 0);
      expect(events).toMatchObject([{ kind: 'gone', guestStopped: false }]);
      expect(await watching.guestHadStopped(handle)).toBe(false);
    });
  });
}
