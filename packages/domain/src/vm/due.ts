// The due times by which recovery finds a VM that needs an action.
import type { Timestamp } from '@ironlog/schemas';
import { later } from './time.ts';
import type { Vm } from './vm.ts';

/**
 * When the VM's task must be reported as stuck; `undefined`: no task, or already reported. Only later events overwrite
 * `attention`, so a report of this task is still in it.
 */
export const stuckDueAt = ({ attention, task }: Vm): Timestamp | undefined => {
  if (!task || (attention?.kind === 'stuck' && attention.since >= task.startedAt)) return undefined;
  return task.deadline;
};

/** When the VM's own spec has it deleted; `undefined`: never, or a delete was requested. */
export const deleteDueAt = ({ createdAt, spec, wantedGone }: Vm): Timestamp | undefined => {
  const seconds = spec?.expiresAfterSeconds;
  if (seconds === undefined || createdAt === null || wantedGone) return undefined;
  return later(createdAt, seconds * 1000);
};
