// Checks the process of each running or paused VM: records silence beyond a threshold, a missing process and a state that
// differs from the recorded one. processes.ts reports a death itself; this finds one that was missed.
import type { Vm } from '@ironlog/domain';
import type { Observation, Outcome } from '@ironlog/hypervisor';
import type { VmFact } from '@ironlog/schemas';
import type { HostDeps } from '../host-deps.ts';
import type { Mailboxes } from '../vms/mailbox.ts';
import type { VmLog } from '../vms/vm-log.ts';
import { keyOf } from '../vms/vm-table.ts';

/** Consecutive checks with one result before it is recorded: one late answer is no silence. */
const SILENT_CHECKS = 3;
const DIVERGED_CHECKS = 2;
/** Less when checks are more frequent. */
const ANSWER_WITHIN_MS = 3000;
/** Processes checked at once; a host may have a thousand. */
const AT_ONCE = 32;

export interface HealthWatchDeps {
  readonly host: Pick<HostDeps, 'host' | 'runtime' | 'signal'>;
  readonly mailboxes: Mailboxes;
  /** The VMs that this host owns. */
  readonly owned: () => Promise<readonly VmLog[]>;
  /** `undefined`: it has no live process. */
  readonly observe: (vm: Vm, deadline: AbortSignal) => Promise<Outcome<Observation>> | undefined;
  readonly lacksProcess: (vm: Vm) => boolean;
  /** Reconciles the VM with its process; called inside its mailbox. */
  readonly reconcile: (log: VmLog) => Promise<void>;
  /** From the end of one round to the start of the next; 0: never. */
  readonly everyMs: number;
}

interface CheckResults {
  readonly epoch: number;
  silent: number;
  /** Monotonic, ms: the first check without an answer. */
  silentSince: number;
  different: number;
  /** The difference found by the last check. It is reconciled once, however long it lasts. */
  difference: string | undefined;
}

export class HealthWatch {
  readonly #deps: HealthWatchDeps;
  #checks = new Map<string, CheckResults>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: HealthWatchDeps) {
    this.#deps = deps;
    this.#schedule();
  }

  /** Resolves when the current round has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #schedule(): void {
    const { everyMs, host } = this.#deps;
    if (everyMs === 0 || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#checkAll()
        .catch((err: unknown) => {
          if (!host.signal.aborted) host.runtime.logger.warn({ err }, 'a round of health checks was interrupted');
        })
        .finally(() => this.#schedule());
    }, everyMs);
  }

  async #checkAll(): Promise<void> {
    const watched = (await this.#deps.owned()).filter(({ vm }) => isWatched(vm));
    const before = this.#checks;
    this.#checks = new Map();
    for (const { vm } of watched) {
      const key = keyOf({ tenant: vm.tenant, vmId: vm.id });
      const known = before.get(key);
      this.#checks.set(key, known?.epoch === vm.epoch ? known : noResults(vm.epoch));
    }
    const next = watched.values();
    const hand = async (): Promise<void> => {
      for (const log of next) if (!this.#deps.host.signal.aborted) await this.#checkSafely(log);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, hand));
  }

  /** A failure with one VM does not end the round for the others. */
  async #checkSafely(log: VmLog): Promise<void> {
    const { runtime, signal } = this.#deps.host;
    try {
      await this.#check(log);
    } catch (err) {
      const { id: vmId, tenant } = log.vm;
      if (!signal.aborted) runtime.logger.warn({ err, tenant, vmId }, 'a health check failed; it is retried');
    }
  }

  async #check(log: VmLog): Promise<void> {
    const { everyMs, host, lacksProcess, observe } = this.#deps;
    const within = Math.min(everyMs, ANSWER_WITHIN_MS);
    const { vm } = log;
    if (lacksProcess(vm)) return void (await this.#reconcile(log));
    if (vm.state === 'created') return;
    const results = this.#checks.get(keyOf({ tenant: vm.tenant, vmId: vm.id }));
    const askedAt = host.runtime.clock.monotonicMs();
    const observed = await observe(vm, AbortSignal.any([host.signal, AbortSignal.timeout(within)]));
    // An answer about an older revision of the VM is ignored.
    if (!results || !observed || host.signal.aborted || log.vm.revision !== vm.revision) return;
    const outcome = observed.ok ? 'answered' : 'silent';
    host.runtime.metrics.counter('ironlog_health_checks_total').inc({ outcome });
    if (observed.ok) await this.#onAnswer(log, results, observed);
    else await this.#unresponsive(log, results, askedAt);
  }

  async #unresponsive(log: VmLog, results: CheckResults, askedAt: number): Promise<void> {
    results.silent += 1;
    if (results.silent === 1) results.silentSince = askedAt;
    if (results.silent < SILENT_CHECKS || log.vm.health === 'unresponsive') return;
    await this.#append(log, { name: 'unresponsive', data: { epoch: results.epoch, sinceMs: this.#silence(results) } });
  }

  async #onAnswer(log: VmLog, results: CheckResults, { state }: Observation): Promise<void> {
    if (log.vm.health !== 'responsive') {
      const afterMs = this.#silence(results);
      if (!(await this.#append(log, { name: 'responsive', data: { epoch: results.epoch, afterMs } }))) return;
    }
    results.silent = 0;
    const { vm } = log;
    const differs = state !== vm.state && state !== 'absent' && state !== 'unknown';
    const difference = differs ? `${vm.state}, found ${state}` : undefined;
    if (difference !== results.difference) results.different = 0;
    results.difference = difference;
    if (!differs) return;
    results.different += 1;
    if (results.different === DIVERGED_CHECKS && !(await this.#reconcile(log))) results.different = 0;
  }

  /** 0 when the silence began under an earlier executor. */
  #silence({ silent, silentSince }: CheckResults): number {
    return silent === 0 ? 0 : this.#deps.host.runtime.clock.monotonicMs() - silentSince;
  }

  /** `false`: the VM has changed or its mailbox is busy; that job's result is more recent. */
  async #reconcile(log: VmLog): Promise<boolean> {
    const { mailboxes, reconcile } = this.#deps;
    const { id, revision, tenant } = log.vm;
    const key = keyOf({ tenant, vmId: id });
    if (mailboxes.isBusy(key)) return false;
    return mailboxes.run(key, async () => {
      if (log.vm.revision !== revision) return false;
      await reconcile(log);
      return true;
    });
  }

  /** `false`: the mailbox is busy, and no round waits for it; the next check appends the fact. */
  async #append(log: VmLog, fact: VmFact): Promise<boolean> {
    const { host, mailboxes } = this.#deps;
    const { id, revision, tenant } = log.vm;
    const key = keyOf({ tenant, vmId: id });
    if (mailboxes.isBusy(key)) return false;
    const factFor = (vm: Vm) => (vm.revision === revision ? { fact, meta: { actor: host.host } } : undefined);
    const appended = await mailboxes.run(key, () => log.append(factFor));
    if (appended.kind === 'appended')
      host.runtime.logger.warn({ tenant, vmId: id, ...fact.data }, `the VM is ${fact.name}`);
    return true;
  }
}

/** A created VM has a process but no guest that could be silent. */
const isWatched = ({ state, task }: Vm): boolean =>
  task === null && (state === 'created' || state === 'running' || state === 'paused');
const noResults = (epoch: number): CheckResults => ({
  epoch,
  silent: 0,
  silentSince: 0,
  different: 0,
  difference: undefined,
});
