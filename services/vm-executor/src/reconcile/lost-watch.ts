// Recovery may declare VMs lost while this executor lives without heartbeats. The watch finds and reconciles them.
import type { EventLog } from '@ironlog/event-log';
import { RECOVERY_VM_FILTER } from '@ironlog/schemas';
import type { VmRef } from '../host/state-directory.ts';
import type { HostDeps } from '../host-deps.ts';
import { keyOf } from '../vms/vm-table.ts';

/** Two requests each: little for a host that was silent long enough to lose its VMs. */
const CHECK_EVERY_MS = 3000;

export interface LostWatchDeps {
  readonly host: Pick<HostDeps, 'host' | 'signal'> & { readonly log: Pick<EventLog, 'info' | 'readSince'> };
  /** Reconciles the VM with its process. Resolves with whether it is no longer lost. */
  readonly reconcile: (ref: VmRef) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

export class LostWatch {
  readonly #deps: LostWatchDeps;
  readonly #lost = new Map<string, VmRef>();
  #after: number;
  #checking: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;

  /** `after`: up to this sequence of EVENTS every VM has been reconciled. */
  constructor(deps: LostWatchDeps, after: number) {
    this.#deps = deps;
    this.#after = after;
    this.#timer = setInterval(() => this.#begin(), deps.everyMs ?? CHECK_EVERY_MS);
  }

  /** Resolves when the current search has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
  }

  #begin(): void {
    this.#checking ??= this.#check()
      .catch((error: unknown) => {
        if (!this.#deps.host.signal.aborted) this.#deps.onError(error);
      })
      .finally(() => {
        this.#checking = undefined;
      });
  }

  async #check(): Promise<void> {
    const { host } = this.#deps;
    // The next search starts at the log's current end: the server scans every message in between for the filter.
    const { lastSequence } = await host.log.info();
    if (lastSequence <= this.#after) return this.#reconcileAll();
    for (const { read, sequence } of await host.log.readSince(RECOVERY_VM_FILTER, this.#after)) {
      this.#after = sequence;
      if (!read.ok || read.stored.kind !== 'vm') continue;
      const { event } = read.stored;
      const ref = { tenant: event.tenant, vmId: event.subject };
      if (event.name === 'lost' && event.data.host === host.host) this.#lost.set(keyOf(ref), ref);
    }
    this.#after = Math.max(this.#after, lastSequence);
    await this.#reconcileAll();
  }

  /** All at once: a pass or two over /proc then serves all of them. A failure stops no other. */
  async #reconcileAll(): Promise<void> {
    const { host, reconcile } = this.#deps;
    const reconciling = [...this.#lost].map(async ([key, ref]) => {
      if (!host.signal.aborted && (await reconcile(ref))) this.#lost.delete(key);
    });
    const failed = (await Promise.allSettled(reconciling)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }
}
