// The latest state of any VM: the cached state, and the entries after it from the stream's leader.
import { evolve, initialVm, type Vm } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import { type TenantId, type VmId, vmFilter } from '@ironlog/schemas';
import type { Reads } from '../searches/reads.ts';

/** A VM's key: its id alone is not unique across tenants (P9). */
export interface VmRef {
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

/** A few kilobytes each. A VM that is not cached only loads slower. */
const REMEMBERED = 2_000;

const keyOf = ({ tenant, vmId }: VmRef): string => `${tenant}/${vmId}`;

/** Every entry moves the sequence, the next append's expectation; only a legal one changes the VM (I11). */
const foldEntry = (vm: Vm, { sequence, hash, read }: Recorded): Vm => {
  if (sequence <= vm.sequence) return vm;
  if (!read.ok || read.stored.kind !== 'vm') return { ...vm, sequence };
  return evolve(vm, { sequence, hash, writer: read.stored.writer, event: read.stored.event }).vm;
};

export interface VmLoaderDeps {
  readonly log: Pick<EventLog, 'readSince'>;
  /** The starting point for a VM that is not cached. A late row costs a few more entries. */
  readonly reads: Pick<Reads, 'aggregate'>;
  readonly limit?: number;
}

export class VmLoader {
  readonly #deps: VmLoaderDeps;
  readonly #remembered = new Map<string, Vm>();

  constructor(deps: VmLoaderDeps) {
    this.#deps = deps;
  }

  /** The VM from the log's current end; `absent` when there is none. @throws LogUnavailableError */
  async load(ref: VmRef): Promise<Vm> {
    const { log, reads } = this.#deps;
    const { tenant, vmId } = ref;
    const known = this.#remembered.get(keyOf(ref)) ?? reads.aggregate(tenant, vmId) ?? initialVm(tenant, vmId);
    return this.fold(known, await log.readSince(vmFilter(tenant, vmId), known.sequence));
  }

  /** Folds `entries` into `vm`, and caches the result. */
  fold(vm: Vm, entries: readonly Recorded[]): Vm {
    return this.remember(entries.reduce(foldEntry, vm));
  }

  /** Two loads of one VM may end in any order: the more recent state stays. */
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
