// The open tasks of this host's VMs, new and resumed: each runs in its VM's mailbox, one at a time (P3).
import type { Vm } from '@ironlog/domain';
import type { HostDeps } from '../host-deps.ts';
import type { Mailboxes } from '../vms/mailbox.ts';
import type { VmLog } from '../vms/vm-log.ts';
import { keyOf } from '../vms/vm-table.ts';
import type { TaskRunner } from './task-runner.ts';

export interface OpenTasksDeps {
  readonly host: Pick<HostDeps, 'runtime' | 'signal'>;
  readonly mailboxes: Mailboxes;
  readonly runner: Pick<TaskRunner, 'run' | 'preempt'>;
  readonly lacksProcess: (vm: Vm) => boolean;
  /** Reconciles the VM with its process after the task; called inside its mailbox. */
  readonly reconcile: (log: VmLog) => Promise<void>;
}

export class OpenTasks {
  readonly #deps: OpenTasksDeps;
  /** VMs for which a run waits. It runs whatever is open by then, so no second one is queued. */
  readonly #waiting = new Set<VmLog>();

  constructor(deps: OpenTasksDeps) {
    this.#deps = deps;
  }

  /** Continues from the VM's log. A run for a command that was pre-empted is aborted. */
  resume(log: VmLog): void {
    const { runner } = this.#deps;
    runner.preempt(log);
    if (this.#waiting.has(log)) return;
    this.#waiting.add(log);
    void this.#inMailbox(log, 'task interrupted; it stays open in the log', () => {
      this.#waiting.delete(log);
      return runner.run(log);
    }).then(() => this.#reconcileAfterTask(log));
  }

  /**
   * A process may die after its VM's task was recorded and before it runs. Only the task then detects it, fails, and
   * leaves the VM as it was. The reconciliation queues behind a waiting death, which knows how the process ended.
   */
  #reconcileAfterTask(log: VmLog): void {
    const { lacksProcess, reconcile } = this.#deps;
    if (!lacksProcess(log.vm)) return;
    void this.#inMailbox(log, 'not reconciled after a task', async () => {
      if (lacksProcess(log.vm)) await reconcile(log);
    });
  }

  async #inMailbox(log: VmLog, failed: string, job: () => Promise<void>): Promise<void> {
    const { host, mailboxes } = this.#deps;
    const { id: vmId, tenant } = log.vm;
    try {
      await mailboxes.run(keyOf({ tenant, vmId }), async () => {
        if (!host.signal.aborted) await job();
      });
    } catch (err) {
      if (!host.signal.aborted) host.runtime.logger.error({ err, tenant, vmId }, failed);
    }
  }
}
