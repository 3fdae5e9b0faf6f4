// The tasks that are open on record, fresh and resumed alike: each runs in its VM's mailbox, one after the other (P3).
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
  /** Brings the VM and its process together, in the end; called inside its mailbox. */
  readonly reconcile: (log: VmLog) => Promise<void>;
}

export class OpenTasks {
  readonly #deps: OpenTasksDeps;
  /** VMs for which a run waits. It will do whatever is open by then, so a second one need not wait behind it. */
  readonly #waiting = new Set<VmLog>();

  constructor(deps: OpenTasksDeps) {
    this.#deps = deps;
  }

  /** Goes on where the VM's log says; what runs for a command that has been pre-empted on record is cut off. */
  resume(log: VmLog): void {
    const { runner } = this.#deps;
    runner.preempt(log);
    if (this.#waiting.has(log)) return;
    this.#waiting.add(log);
    void this.#inMailbox(log, 'task cut off; it stays open in the log', () => {
      this.#waiting.delete(log);
      return runner.run(log);
    }).then(() => this.#reconcileAfterTask(log));
  }

  /**
   * A process that died while its VM's task was on record and did not run yet is missed by the task alone, which fails
   * and leaves the VM as it was. The look comes behind what waits: a death that waits there tells how the process ended.
   */
  #reconcileAfterTask(log: VmLog): void {
    const { lacksProcess, reconcile } = this.#deps;
    if (!lacksProcess(log.vm)) return;
    void this.#inMailbox(log, 'not looked after a task', async () => {
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
