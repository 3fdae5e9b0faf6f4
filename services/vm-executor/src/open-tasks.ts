// The tasks that are open on record, fresh and resumed alike: each runs in its VM's mailbox, one after the other (P3).
import type { HostDeps } from './host-deps.ts';
import type { Mailboxes } from './mailbox.ts';
import type { TaskRunner } from './task-runner.ts';
import type { VmLog } from './vm-log.ts';
import { keyOf } from './vm-table.ts';

export interface OpenTasksDeps {
  readonly host: Pick<HostDeps, 'runtime' | 'signal'>;
  readonly mailboxes: Mailboxes;
  readonly runner: Pick<TaskRunner, 'run' | 'preempt'>;
}

export class OpenTasks {
  readonly #deps: OpenTasksDeps;
  /** VMs for which a run waits. It will do whatever is open by then, so a second one need not wait behind it. */
  readonly #waiting = new Set<VmLog>();

  constructor(deps: OpenTasksDeps) {
    this.#deps = deps;
  }

  /** Goes on where the VM's log says; what runs for a command that has been pre-empted on record is cut off. */
  goOn(log: VmLog): void {
    const { host, mailboxes, runner } = this.#deps;
    runner.preempt(log);
    if (this.#waiting.has(log)) return;
    this.#waiting.add(log);
    const { id, tenant } = log.vm;
    const run = (): Promise<void> => {
      this.#waiting.delete(log);
      return runner.run(log);
    };
    mailboxes.run(keyOf({ tenant, vmId: id }), run).catch((err: unknown) => {
      if (!host.signal.aborted)
        host.runtime.logger.error({ err, tenant, vmId: id }, 'task cut off; it stays open in the log');
    });
  }
}
