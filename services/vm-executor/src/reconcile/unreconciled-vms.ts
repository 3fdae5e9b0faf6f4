// VMs that could not be brought together with their processes, each for a reason of its own: they keep no other from being
// served, are counted (P8), and are tried again every few seconds, whether or not there are health checks.
import { EventLogError } from '@ironlog/event-log';
import { Superseded } from '../host/incarnation.ts';
import type { VmRef } from '../host/state-directory.ts';
import type { HostDeps } from '../host-deps.ts';
import { OutcomeUnknown } from '../vms/vm-log.ts';
import { keyOf } from '../vms/vm-table.ts';

const RETRY_EVERY_MS = 5000;

/** No trouble of one VM's: the log's, or this incarnation's. */
export const concernsAllVms = (err: unknown): boolean =>
  err instanceof EventLogError || err instanceof Superseded || err instanceof OutcomeUnknown;

export interface UnreconciledVmsDeps {
  readonly host: Pick<HostDeps, 'runtime' | 'signal'>;
  /** `false`: not now. */
  readonly reconcile: (ref: VmRef) => Promise<boolean>;
  /** From the end of one round to the next. */
  readonly everyMs?: number;
}

export class UnreconciledVms {
  readonly #deps: UnreconciledVmsDeps;
  readonly #refs = new Map<string, VmRef>();
  /** Set from when a round is due to its end. */
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: UnreconciledVmsDeps) {
    this.#deps = deps;
    this.#count();
  }

  /** At a start. @throws `err` where it is no trouble of this VM's alone. */
  add(ref: VmRef, err: unknown): void {
    if (concernsAllVms(err)) throw err;
    this.keep(ref, err);
  }

  /** Also what the log was in the way of. @throws `err` where this executor is to touch nothing any more. */
  keep(ref: VmRef, err: unknown): void {
    const { runtime, signal } = this.#deps.host;
    if (err instanceof Superseded || signal.aborted) throw err;
    const { tenant, vmId } = ref;
    runtime.logger.error({ err, tenant, vmId }, 'a VM is not brought together with its process; it is tried again');
    this.#refs.set(keyOf(ref), ref);
    this.#count();
    this.#schedule();
  }

  /** Resolves when the round in hand is over. */
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

  /** All at once: what they ask of /proc is then answered by a pass or two for all of them. */
  async #retryAll(): Promise<void> {
    const { host, reconcile } = this.#deps;
    const retrying = [...this.#refs].map(async ([key, ref]) => {
      // Why it fails has been told, and that it still does the metric tells.
      if (!host.signal.aborted && (await reconcile(ref).catch(() => false))) this.#refs.delete(key);
    });
    await Promise.all(retrying);
    this.#count();
  }

  #count(): void {
    this.#deps.host.runtime.metrics.gauge('ironlog_unsettled_vms').set(this.#refs.size);
  }
}
