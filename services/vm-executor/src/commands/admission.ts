// Admission: what the host has given out, and whether one more VM fits (I9: never over-committed, always returned).
import type { Vm } from '@ironlog/domain';
import type { Resources, VmSpec, WorkCommand } from '@ironlog/schemas';

const NOTHING: Resources = { cpus: 0, memoryMiB: 0, processes: 0 };

/** A claimed VM holds its share until it is deleted, whatever state it is in: a boot must never find it given away. */
const needOf = (vm: Vm): Resources =>
  vm.spec && vm.state !== 'absent' && vm.state !== 'deleted' ? needOfSpec(vm.spec) : NOTHING;
const needOfSpec = (spec: VmSpec): Resources => ({ cpus: spec.cpus, memoryMiB: spec.memoryMiB, processes: 1 });

/** P9: ids are one space per tenant, so a command's key is (tenant, id). */
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
  /** Promised between the look and the claim's append, so that two creates cannot both take the last place. */
  readonly #reserved = new Map<string, Resources>();

  /** `onGivenBack`: a VM holds nothing any more. */
  constructor(capacity: Resources, onReleased: () => void = () => undefined) {
    this.capacity = capacity;
    this.#onReleased = onReleased;
  }

  get used(): Resources {
    return [...this.#reserved.values()].reduce((sum, need) => add(sum, need, 1), this.#used);
  }

  /** `undefined`: promised to the command until `settle`, once however often it asks. Otherwise what is short. */
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

  /** Follows a VM from one state to the next. */
  follow(before: Vm, after: Vm): void {
    this.#used = add(add(this.#used, needOf(before), -1), needOf(after), 1);
    if (needOf(before) !== NOTHING && needOf(after) === NOTHING) this.#onReleased();
  }
}
