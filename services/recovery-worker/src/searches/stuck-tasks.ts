// Records a task past its deadline as `stuck`, once. Only the owner may end it; the event makes it visible (P2, P8).
import { stuckDueAt, type Vm } from '@ironlog/domain';
import type { Timestamp } from '@ironlog/schemas';
import { appendAsRecovery, type RecoveryFact } from '../vms/append-as-recovery.ts';
import type { ScanDeps } from './search.ts';

/** One search. A task that has ended or was reported is left alone: the log decides, not the read model. */
export const reportStuckTasks = async (deps: ScanDeps): Promise<void> => {
  const now = deps.clock.now().toISOString();
  for (const candidate of deps.reads.overdueTasks(now)) {
    if (!stuck(candidate, now)) continue;
    const ref = { tenant: candidate.tenant, vmId: candidate.id };
    const outcome = await appendAsRecovery(deps, ref, (vm) => stuck(vm, now));
    if (outcome.kind === 'unknown') return;
    if (outcome.kind === 'skipped') continue;
    deps.metrics.counter('ironlog_recovery_stuck_total').inc();
    deps.logger.error(
      { ...ref, operationId: outcome.vm.task?.operationId, verb: outcome.vm.task?.verb },
      'task is stuck',
    );
  }
};

const stuck = (vm: Vm, now: Timestamp): RecoveryFact | undefined => {
  const { task } = vm;
  const deadline = stuckDueAt(vm);
  if (!task || deadline === undefined || deadline >= now) return undefined;
  const { verb, traceparent } = task;
  const actionRequired =
    `find out what the executor of host ${vm.owner ?? '(unknown)'} is doing with ${vm.tenant}/${vm.id}: ` +
    `${verb} should have ended by ${deadline}; restarting the executor resumes it, delete with force aborts it`;
  return {
    fact: { name: 'stuck', data: { verb, deadline, actionRequired } },
    meta: traceparent === undefined ? {} : { traceparent },
  };
};
