// VMs that could not be reconciled with their processes, each for its own reason. They delay no other VM, are counted
// (P8), and are retried every few seconds, with or without health checks.
import { EventLogError } from '@ironlog/event-log';
import { Superseded } from '../host/incarnation.ts';
import type { VmRef } from '../host/state-directory.ts';
import type { HostDeps } from '../host-deps.ts';
import { OutcomeUnknown } from '../vms/vm-log.ts';
import { keyOf } from '../vms/vm-table.ts';

const RETRY_EVERY_MS = 5000;

/** An error of the log or of this incarnation, not of one VM. */
export const concernsAllVms = (err: unknown): boolean =>
  err instanceof EventLogError || err instanceof Superseded || err instanceof OutcomeUnknown;

export interface UnreconciledVmsDeps {
  readonly host: Pick<HostDeps, 'runtime' | 'signal'>;
  /** `false`: not now. */
  readonly reconcile: (ref: VmRef) => Promise<boolean>;
  /** From the end of one round to the start of the next. */
  readonly everyMs?: number;
}

export class UnreconciledVms {
  readonly #deps: UnreconciledVmsDeps;
  readonly #refs = new Map<string, VmRef>();
  /** Set while a round is due or running. */
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: UnreconciledVmsDeps) {
    this.#deps = deps;
    this.#count();
  }

  /** At a start. @throws `err` when it concerns all VMs. */
  add(ref: VmRef, err: unknown): void {
    if (concernsAllVms(err)) throw err;
    this.keep(ref, err);
  }

  /** Also after a log error. @throws `err` when this executor is superseded. */
  keep(ref: VmRef, err: unknown): void {
    const { runtime, signal } = this.#deps.host;
    if (err instanceof Superseded || signal.aborted) throw err;
    const { tenant, vmId } = ref;
    runtime.logger.error({ err, tenant, vmId }, 'a VM was not reconciled with its process; it is retried');
    this.#refs.set(keyOf(ref), ref);
    this.#count();
    this.#schedule();
  }

  /** Resolves when the current round has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #schedule(): void {
    if (this.#timer || this.#stopped || this.#refs.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#retryAll().finally(() => {
        this.#timer = undefined;
        this.#schedule();
      });
    }, this.#deps.everyMs ?? RETRY_EVERY_MS);
  }

  /** All at once: a pass or two over /proc then serves all of them. */
  async #retryAll(): Promise<void> {
    const { host, reconcile } = this.#deps;
    const retrying = [...this.#refs].map(async ([key, ref]) => {
      // The cause was logged once; the metric shows that it persists.
      if (!host.signal.aborted && (await reconcile(ref).catch(() => false))) this.#refs.delete(key);
    });
    await Promise.all(retrying);
    this.#count();
  }

  #count(): void {
    this.#deps.host.runtime.metrics.gauge('ironlog_unsettled_vms').set(this.#refs.size);
  }
}
