// VMs that could not be brought together with their processes, each for a reason of its own: they keep no other from being
// served, are counted (P8), and are tried again at each round of health checks.
import { EventLogError } from '@ironlog/event-log';
import type { HostDeps } from './host-deps.ts';
import { Superseded } from './incarnation.ts';
import type { VmRef } from './state-directory.ts';
import { FateUnknown } from './vm-log.ts';
import { keyOf } from './vm-table.ts';

/** No trouble of one VM's: the log's, or this incarnation's. */
export const isOfAll = (err: unknown): boolean =>
  err instanceof EventLogError || err instanceof Superseded || err instanceof FateUnknown;

export interface UnsettledDeps {
  readonly host: Pick<HostDeps, 'runtime' | 'signal'>;
  /** `false`: not now. */
  readonly settle: (ref: VmRef) => Promise<boolean>;
}

export class Unsettled {
  readonly #deps: UnsettledDeps;
  readonly #refs = new Map<string, VmRef>();

  constructor(deps: UnsettledDeps) {
    this.#deps = deps;
    this.#count();
  }

  /** @throws `err` where it is no trouble of this VM's alone. */
  add(ref: VmRef, err: unknown): void {
    const { runtime, signal } = this.#deps.host;
    if (isOfAll(err) || signal.aborted) throw err;
    const { tenant, vmId } = ref;
    runtime.logger.error({ err, tenant, vmId }, 'a VM is not brought together with its process; it is tried again');
    this.#refs.set(keyOf(ref), ref);
    this.#count();
  }

  async retry(): Promise<void> {
    const { host, settle } = this.#deps;
    for (const [key, ref] of this.#refs) {
      if (host.signal.aborted) return;
      // Why it fails has been told, and that it still does the metric tells.
      if (await settle(ref).catch(() => false)) this.#refs.delete(key);
    }
    this.#count();
  }

  #count(): void {
    this.#deps.host.runtime.metrics.gauge('ironlog_unsettled_vms').set(this.#refs.size);
  }
}
