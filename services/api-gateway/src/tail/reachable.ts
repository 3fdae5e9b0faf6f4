// The states that a VM can still reach, derived from the transition table.
import { type StateName, TRANSITIONS } from '@ironlog/domain';
import { VM_EVENT_NAMES, VM_STATES, type VmEvent, type VmStateName } from '@ironlog/schemas';

/** The state after one event; `found` is the one event whose data names it. */
export const stateAfter = (state: StateName, event: VmEvent): StateName => {
  if (event.name === 'found') return event.data.observed;
  const target = TRANSITIONS[state][event.name];
  return target === 'same' || target === 'never' ? state : target;
};

const nextOf = (state: StateName): readonly VmStateName[] => {
  const targets = VM_EVENT_NAMES.map((name) => TRANSITIONS[state][name]).filter(
    (target) => target !== 'same' && target !== 'never',
  );
  return state === 'lost' ? [...targets, 'running', 'paused', 'stopped'] : targets;
};

const closure = (from: StateName): ReadonlySet<StateName> => {
  const seen = new Set<StateName>();
  const open: StateName[] = [from];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const next of nextOf(state)) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
};

const REACHABLE = new Map<StateName, ReadonlySet<StateName>>(
  (['absent', ...VM_STATES] as const).map((state) => [state, closure(state)]),
);

/** Whether a VM in `from` can ever be in `to` again. */
export const canReach = (from: StateName, to: VmStateName): boolean => REACHABLE.get(from)?.has(to) ?? false;
