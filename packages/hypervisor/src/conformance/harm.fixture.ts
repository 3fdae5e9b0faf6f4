// Injects a fault into a request or its answer: the outcome is a value, in time, and a retry completes the verb.
import { describe, expect, it } from 'vitest';
import { HARMS, type Harm, Interposer } from './interposer.fixture.ts';
import { act, Rig } from './rig.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { within } from './vm.fixture.ts';

const CODES: Readonly<Record<Harm, readonly string[]>> = {
  hang: ['timeout'],
  'lost-request': ['unreachable', 'timeout'],
  'lost-answer': ['unreachable', 'timeout'],
  half: ['bad-answer', 'unreachable', 'timeout'],
  error: ['failed', 'refused', 'bad-answer'],
  garbage: ['bad-answer'],
  huge: ['bad-answer'],
};

const LIFE = [
  ['create', 'created'],
  ['boot', 'running'],
  ['pause', 'paused'],
  ['resume', 'running'],
] as const;

/** A call that hangs takes this long. */
const DEADLINE_MS = 700;

export function harm(subject: Subject): void {
  describe.each(HARMS)('harm on the way: %s', (harm) => {
    const rig = new Rig(subject);

    it.each(['all', 'writes'] as const)('to %s', async (on) => {
      const vm = await rig.in('absent');
      for (const [verb, state] of LIFE) {
        const interposer = await interposed(vm.handle.socketPath, harm, on);
        const outcome = await rig.with((driver) => act(driver, verb, vm, within(DEADLINE_MS)));
        const { hits } = interposer;
        await interposer.remove();
        const told = JSON.stringify({ verb, ...outcome, detail: '' });
        // QEMU's create writes nothing, so no fault applies to it.
        if (hits === 0) expect(outcome, told).toMatchObject({ ok: true });
        else expect(CODES[harm], told).toContain(outcome.ok ? 'ok' : outcome.code);
        expect(told).not.toContain(rig.vm.directory);
        expect(await rig.with((driver) => act(driver, verb, vm, within(10_000))), verb).toMatchObject({ ok: true });
        expect(await rig.stateOf(vm.handle)).toBe(state);
      }
      await rig.vm.guestSays(subject.readyLine);
      const interposer = await interposed(vm.handle.socketPath, harm, on);
      const seen = await rig.with((driver) => driver.observe(vm.handle, within(DEADLINE_MS)));
      expect(seen.ok ? 'ok' : seen.code).toSatisfy((code) =>
        on === 'all' ? CODES[harm].includes(code) : code === 'ok',
      );
      const outcome = await rig.with((driver) => driver.shutdown(vm.handle, within(DEADLINE_MS)));
      // Once the press was received the guest is off, even if the answer was lost.
      expect([...CODES[harm], 'timeout', ...(harm.startsWith('lost-a') || harm === 'half' ? ['ok'] : [])]).toContain(
        outcome.ok ? 'ok' : outcome.code,
      );
      await interposer.remove();
      expect(await rig.with((driver) => driver.shutdown(vm.handle, within(20_000)))).toMatchObject({ ok: true });
    });

    const interposed = (path: string, what: Harm, on: 'all' | 'writes') =>
      Interposer.insert(path, { dialect: subject.dialect, harm: what, on });
  });
}
