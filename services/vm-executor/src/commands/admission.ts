// Admission: the host's capacity in use, and whether one more VM fits (I9: never over-committed, always released).
import type { Vm } from '@ironlog/domain';
import type { Resources, VmSpec, WorkCommand } from '@ironlog/schemas';

const NOTHING: Resources = { cpus: 0, memoryMiB: 0, processes: 0 };

/** A claimed VM uses its capacity in every state until it is deleted: a later boot must find it free. */
const needOf = (vm: Vm): Resources =>
  vm.spec && vm.state !== 'absent' && vm.state !== 'deleted' ? needOfSpec(vm.spec) : NOTHING;
const needOfSpec = (spec: VmSpec): Resources => ({ cpus: spec.cpus, memoryMiB: spec.memoryMiB, processes: 1 });

/** P9: command ids are unique per tenant, so the key is (tenant, id). */
type CommandKey = Pick<WorkCommand, 'tenant' | 'id'>;
const keyOf = ({ tenant, id }: CommandKey): string => `${tenant}/${id}`;

const add = (a: Resources, b: Resources, sign: 1 | -1): Resources => ({
  cpus: a.cpus + sign * b.cpus,
  memoryMiB: a.memoryMiB + sign * b.memoryMiB,
  processes: a.processes + sign * b.processes,
});

export class Admission {
  readonly capacity: Resources;
  readonly #onReleased: () => void;
  #used = NOTHING;
  /** Reserved between the check and the claim's append, so that two creates cannot both take the last capacity. */
  readonly #reserved = new Map<string, Resources>();

  /** `onReleased`: called when a VM no longer uses capacity. */
  constructor(capacity: Resources, onReleased: () => void = () => undefined) {
    this.capacity = capacity;
    this.#onReleased = onReleased;
  }

  get used(): Resources {
    return [...this.#reserved.values()].reduce((sum, need) => add(sum, need, 1), this.#used);
  }

  /** Reserves until `release`, once per command. `undefined`: reserved. Otherwise the short resource. */
  reserve(command: CommandKey, spec: VmSpec): string | undefined {
    this.release(command);
    const need = needOfSpec(spec);
    const after = add(this.used, need, 1);
    for (const resource of ['cpus', 'memoryMiB', 'processes'] as const) {
      if (after[resource] > this.capacity[resource]) {
        return `needs ${need[resource]} ${resource}, and ${this.capacity[resource] - this.used[resource]} of ${this.capacity[resource]} are free`;
      }
    }
    this.#reserved.set(keyOf(command), need);
    return undefined;
  }

  release(command: CommandKey): void {
    this.#reserved.delete(keyOf(command));
  }

  /** Updates the use for a VM that went from one state to the next. */
  follow(before: Vm, after: Vm): void {
    this.#used = add(add(this.#used, needOf(before), -1), needOf(after), 1);
    if (needOf(before) !== NOTHING && needOf(after) === NOTHING) this.#onReleased();
  }
}
