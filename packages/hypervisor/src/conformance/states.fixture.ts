// Each verb from each state, twice, and concurrently: a state already reached is success, an illegal one is refused.
import { describe, expect, it } from 'vitest';
import { act, type PortVerb, Rig, type RigState, STATES, VERBS } from './rig.fixture.ts';
import type { Subject } from './subject.fixture.ts';
import { until, within } from './vm.fixture.ts';

/** `ok`, or the codes of the refusal. */
const EXPECTED: Readonly<Record<RigState, Readonly<Record<PortVerb, readonly string[]>>>> = {
  absent: { create: ['ok'], boot: ['refused'], pause: ['refused'], resume: ['refused'], shutdown: ['ok'] },
  created: { create: ['ok'], boot: ['ok'], pause: ['refused'], resume: ['refused'], shutdown: ['ok'] },
  running: { create: ['ok'], boot: ['ok'], pause: ['ok'], resume: ['ok'], shutdown: ['ok'] },
  paused: { create: ['ok'], boot: ['refused'], pause: ['ok'], resume: ['ok'], shutdown: ['ok'] },
  // The process exited.
  off: {
    create: ['unreachable'],
    boot: ['unreachable'],
    pause: ['unreachable'],
    resume: ['unreachable'],
    shutdown: ['ok'],
  },
};

export function states(subject: Subject): void {
  describe('each verb from each state', () => {
    const rig = new Rig(subject);
    const possible = STATES.filter((state) => state !== 'absent' || !subject.isDefinedBySpawn);
    const cases = possible.flatMap((state) => VERBS.map((verb) => [verb, state] as const));

    it.each(cases)('%s when %s, twice', async (verb, state) => {
      const vm = await rig.in(state);
      for (const _ of [1, 2]) {
        const outcome = await rig.with((driver) => act(driver, verb, vm, within(20_000)));
        const told = JSON.stringify(outcome.ok ? {} : { ...outcome, detail: '' });
        expect(EXPECTED[state][verb], told).toContain(outcome.ok ? 'ok' : outcome.code);
        expect(told).not.toContain(rig.vm.directory);
        if (!outcome.ok && outcome.code === 'refused') expect(outcome.retryable).toBe(false);
      }
      if (state === 'off') await until('it has ended', async () => (await rig.stateOf(vm.handle)) === 'absent');
    });

    // QEMU replaces an existing socket; its caller must not start a second process (P5).
    it.skipIf(subject.takesOneClient)('a second process does not take the socket of one that lives', async () => {
      const first = await rig.in('running');
      const driver = rig.driver();
      const spawned = await driver.spawn(first.launch);
      // It may exit before its identity is read.
      if (spawned.ok) {
        const { identity, exited } = spawned.process;
        await exited;
        const created = await driver.create({ ...first.handle, identity }, first.launch, within(5000));
        expect(['refused', 'unreachable']).toContain(created.ok ? 'ok' : created.code);
      } else expect(spawned.reason).toContain('ended at once');
      expect(await rig.stateOf(first.handle)).toBe('running');
    });

    it.each([
      ['create', 'absent'],
      ['boot', 'created'],
      ['pause', 'running'],
      ['resume', 'paused'],
      ['shutdown', 'running'],
    ] as const)('%s when %s, three at once', async (verb, state) => {
      if (state === 'absent' && subject.isDefinedBySpawn) return;
      const vm = await rig.in(state);
      const driver = rig.driver();
      const outcomes = await Promise.all([1, 2, 3].map(() => act(driver, verb, vm, within(20_000))));
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true]);
    });
  });
}
