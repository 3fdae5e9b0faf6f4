// Invariants for any generated sequence of commands, outcomes and entries by unauthorised writers.
import { hostId, VERBS, VM_EVENT_NAMES, type VmEventName } from '@ironlog/schemas';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { allowedVerbs } from './allowed.ts';
import { decide } from './decide.ts';
import {
  apply,
  blank,
  CRASHED,
  CREATED,
  command,
  event,
  given,
  HOST,
  IN_FLIGHT,
  NOW,
  PAUSED,
  RUNNING,
  request,
  STOPPED,
} from './story.fixture.ts';
import { TASKS, verbOfIntent } from './tasks.ts';
import { TRANSITIONS } from './transitions.ts';
import type { Vm } from './vm.ts';

const step = fc.oneof(
  fc.record({
    kind: fc.constant('command' as const),
    verb: fc.constantFrom(...VERBS),
    force: fc.boolean(),
    start: fc.boolean(),
    ends: fc.constantFrom('success', 'failure', 'none'),
  }),
  fc.record({
    kind: fc.constant('event' as const),
    name: fc.constantFrom(...VM_EVENT_NAMES),
    unauthorised: fc.boolean(),
  }),
);
const context = {
  now: NOW,
  host: HOST,
  admission: { ok: true, hypervisor: 'simulator', capabilities: VERBS },
} as const;

const params = (verb: string, force: boolean, start: boolean) =>
  verb === 'create' ? { start } : verb === 'delete' || verb === 'reboot' ? { force } : {};
const fold = (vm: Vm, name: VmEventName, options: object = {}): Vm => apply(vm, event(vm, name, options)).vm;

it('keeps the invariants for any commands and any entries', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let vm = blank();
      let count = 0;
      for (const next of steps) {
        const before = vm;
        if (next.kind === 'event') {
          const writer = next.unauthorised ? hostId('host-2') : HOST;
          vm = apply(vm, event(vm, next.name, { writer }), writer).vm;
        } else {
          const asked = command(next.verb, { id: `cmd-${count++}`, params: params(next.verb, next.force, next.start) });
          const decision = decide(vm, asked, context);
          expect(decision.kind === 'intent').toBe(
            allowedVerbs(vm).includes(next.verb) && (next.verb !== 'delete' || decision.kind === 'intent'),
          );
          if (decision.kind !== 'intent') continue;
          const intent = apply(vm, event(vm, decision.fact.name, { data: decision.fact.data, causationid: asked.id }));
          // The fold accepts every intent that decide returns.
          expect(intent.kind).toBe('folded');
          vm = intent.vm;
          if (next.ends !== 'none') vm = fold(vm, TASKS[next.verb][next.ends]);
        }
        check(before, vm);
      }
    }),
    { numRuns: 400 },
  );
});

const check = (before: Vm, vm: Vm): void => {
  // I10: deleted is absorbing, and a requested delete is never forgotten.
  if (before.state === 'deleted') expect(vm.state).toBe('deleted');
  if (before.wantedGone) expect(vm.wantedGone).toBe(true);
  // I3: revisions are contiguous, sequences grow, epochs never decrease.
  expect(vm.revision - before.revision).toBeGreaterThanOrEqual(0);
  expect(vm.sequence).toBeGreaterThan(before.sequence);
  expect(vm.epoch).toBeGreaterThanOrEqual(before.epoch);
  // P2: at most one command is open, and it is the task's.
  const open = vm.commands.filter((record) => record.outcome === 'open').map((record) => record.id);
  expect(open).toEqual(vm.task ? [vm.task.commandId] : []);
  // An outcome never changes.
  for (const record of before.commands) {
    const after = vm.commands.find((other) => other.id === record.id);
    if (record.outcome !== 'open') expect(after?.outcome).toBe(record.outcome);
  }
  if (vm.state === 'absent') expect(vm.owner).toBeNull();
  if (vm.state === 'running' || vm.state === 'paused') expect(vm.epoch).toBeGreaterThan(0);
};

/** Deep-freezes a value: any write to it throws. */
const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen(member);
  }
  return value;
};

/** A command by recovery for the VM's own failure. */
const byRecovery = (vm: Vm, name: VmEventName): object => {
  const verb = verbOfIntent(name);
  if (verb === undefined) return {};
  const forFailure = vm.failure === null ? {} : { ifFailure: vm.failure.eventId };
  return { data: { request: request(verb, { door: 'recovery', ...forFailure }) } };
};

it('does not change the VM and the event that are passed to it', () => {
  let folded = 0;
  for (const story of [...Object.values(IN_FLIGHT), CREATED, RUNNING, PAUSED, STOPPED, CRASHED]) {
    const before = frozen(given(...story));
    for (const name of VM_EVENT_NAMES) {
      for (const options of [{}, byRecovery(before, name)]) {
        const evolved = apply(before, frozen(event(before, name, options)));
        if (evolved.kind === 'folded') folded += 1;
        expect(evolved.vm).not.toBe(before);
      }
    }
  }
  expect(folded).toBeGreaterThan(100);
});

it('never throws, for any event in any state', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...VM_EVENT_NAMES), { maxLength: 30 }), (names) => {
      const vm = names.reduce((folded: Vm, name) => fold(folded, name), blank());
      expect(Object.keys(TRANSITIONS)).toContain(vm.state);
    }),
    { numRuns: 400 },
  );
});
