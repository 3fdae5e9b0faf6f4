// The process is killed before, during and after each verb: the outcome is an immediate value without host paths.
import { describe, expect, it } from 'vitest';
import { Interposer } from './interposer.fixture.ts';
import { act, type PortVerb, Rig, type RigState } from './rig.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { halt, within } from './vm.fixture.ts';

const FROM: readonly (readonly [PortVerb, RigState])[] = [
  ['create', 'absent'],
  ['boot', 'created'],
  ['pause', 'running'],
  ['resume', 'paused'],
  ['shutdown', 'running'],
];

export function deaths(subject: Subject): void {
  describe('the process is killed', () => {
    const rig = new Rig(subject);

    it.each(FROM)('before %s', async (verb, state) => {
      const vm = await rig.in(state);
      process.kill(vm.handle.identity.pid, 'SIGKILL');
      await vm.exited;
      const outcome = await rig.with((driver) => act(driver, verb, vm, within(10_000)));
      if (verb === 'shutdown') expect(outcome).toEqual({ ok: true });
      else expect(outcome).toMatchObject({ ok: false, code: 'unreachable' });
      expect(JSON.stringify({ ...outcome, detail: '' })).not.toContain(rig.vm.directory);
      expect(await rig.stateOf(vm.handle)).toBe('absent');
    });

    it.each(FROM)('during %s', async (verb, state) => {
      const vm = await rig.in(state);
      const { pid } = vm.handle.identity;
      // Stopped, it does not read the request.
      await halt(pid);
      const options = { dialect: subject.dialect, harm: 'none', on: 'all' } as const;
      const interposer = await Interposer.insert(vm.handle.socketPath, options);
      const outcome = rig.with((driver) => act(driver, verb, vm, within(10_000)));
      // A stopped QEMU does not greet: the call waits for the greeting.
      if (!subject.takesOneClient) await interposer.met;
      process.kill(pid, 'SIGKILL');
      await vm.exited;
      const result = await outcome;
      expect(result.ok ? 'ok' : result.code).toBe(verb === 'shutdown' ? 'ok' : 'unreachable');
      await interposer.remove();
      expect(await rig.stateOf(vm.handle)).toBe('absent');
      expect(await rig.with((driver) => driver.guestHadStopped(vm.handle))).toBe(false);
    });

    it.each(FROM)('after %s', async (verb, state) => {
      const vm = await rig.in(state);
      expect(await rig.with((driver) => act(driver, verb, vm, within(20_000)))).toMatchObject({ ok: true });
      if (verb !== 'shutdown') process.kill(vm.handle.identity.pid, 'SIGKILL');
      await vm.exited;
      const again = await rig.with((driver) => act(driver, verb, vm, within(10_000)));
      expect(again.ok ? 'ok' : again.code).toBe(verb === 'shutdown' ? 'ok' : 'unreachable');
      expect(await rig.with((driver) => driver.guestHadStopped(vm.handle))).toBe(verb === 'shutdown');
    });
  });
}
