// The latest state of any VM: what is remembered of it, and what the stream's leader holds after that.
import { evolve, initialVm, type Vm } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import { type TenantId, type VmId, vmFilter } from '@ironlog/schemas';
import type { Reads } from '../searches/reads.ts';

/** A VM's key: its id alone is not unique across tenants (P9). */
export interface VmRef {
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

/** A few kilobytes each. What is forgotten is only slower to load. */
const REMEMBERED = 2_000;

const keyOf = ({ tenant, vmId }: VmRef): string => `${tenant}/${vmId}`;

/** Every entry moves the sequence, which is the next append's expectation; only a legal one moves the VM (I11). */
const foldEntry = (vm: Vm, { sequence, hash, read }: Recorded): Vm => {
  if (sequence <= vm.sequence) return vm;
  if (!read.ok || read.stored.kind !== 'vm') return { ...vm, sequence };
  return evolve(vm, { sequence, hash, writer: read.stored.writer, event: read.stored.event }).vm;
};

export interface VmLoaderDeps {
  readonly log: Pick<EventLog, 'readSince'>;
  /** Where to begin with a VM that is not remembered: a row that is late costs a few entries more, and commits nothing. */
  readonly reads: Pick<Reads, 'aggregate'>;
  readonly limit?: number;
}

export class VmLoader {
  readonly #deps: VmLoaderDeps;
  readonly #remembered = new Map<string, Vm>();

  constructor(deps: VmLoaderDeps) {
    this.#deps = deps;
  }

  /** The VM as the log stands now; `absent` when there is none. @throws LogUnavailableError */
  async load(ref: VmRef): Promise<Vm> {
    const { log, reads } = this.#deps;
    const { tenant, vmId } = ref;
    const known = this.#remembered.get(keyOf(ref)) ?? reads.aggregate(tenant, vmId) ?? initialVm(tenant, vmId);
    return this.fold(known, await log.readSince(vmFilter(tenant, vmId), known.sequence));
  }

  /** `vm` after `entries`, which is remembered. */
  fold(vm: Vm, entries: readonly Recorded[]): Vm {
    return this.remember(entries.reduce(foldEntry, vm));
  }

  /** Two loads of one VM may end in either order: the one that has seen more stays. */
  remember(vm: Vm): Vm {
    const key = keyOf({ tenant: vm.tenant, vmId: vm.id });
    const before = this.#remembered.get(key);
    this.#remembered.delete(key);
    this.#remembered.set(key, before && before.sequence > vm.sequence ? before : vm);
    if (this.#remembered.size > (this.#deps.limit ?? REMEMBERED)) {
      const oldest = this.#remembered.keys().next();
      if (!oldest.done) this.#remembered.delete(oldest.value);
    }
    return vm;
  }
}
