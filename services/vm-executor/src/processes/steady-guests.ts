// Guests in a loop of restarts: each is recorded as steady once it has run long enough without one. Only such VMs have a
// timer. It is set from the VM's recorded state, so that it survives a restart of the executor.
import { steadyDueAt, type Vm } from '@ironlog/domain';
import type { VmFact } from '@ironlog/schemas';
import type { VmRef } from '../host/state-directory.ts';
import { keyOf } from '../vms/vm-table.ts';

export interface SteadyGuestsDeps {
  readonly now: () => Date;
  /** Must then append the result of `steadyFact`. */
  readonly onDue: (ref: VmRef) => void;
}

export class SteadyGuests {
  readonly #deps: SteadyGuestsDeps;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(deps: SteadyGuestsDeps) {
    this.#deps = deps;
  }

  /** Call it for each VM that may be in a loop, and again after each of its restarts. */
  watch(vm: Vm): void {
    const ref = { tenant: vm.tenant, vmId: vm.id };
    const key = keyOf(ref);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const due = steadyDueAt(vm);
    if (due === undefined) return;
    const waitMs = Math.max(0, Date.parse(due) - this.#deps.now().getTime());
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.#deps.onDue(ref);
      }, waitMs),
    );
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** The fact to append when the timer has expired; `undefined`: the guest has restarted since, or is no longer in a loop. */
export const steadyFact = (vm: Vm, now: Date): VmFact | undefined => {
  const due = steadyDueAt(vm);
  const last = vm.guestReboots.at(-1);
  if (due === undefined || last === undefined || due > now.toISOString()) return undefined;
  return { name: 'guest-steady', data: { epoch: vm.epoch, forMs: now.getTime() - Date.parse(last.at) } };
};
