// What is to be done with a VM by a certain time, if nobody does anything before: by these times recovery looks for it.
import type { Timestamp } from '@ironlog/schemas';
import { later } from './time.ts';
import type { Vm } from './vm.ts';

/**
 * When its task is to be reported as stuck; `undefined`: it has none, or it has been reported. What needs a human is only
 * overwritten by what came later, so that a report of this task is still to be seen.
 */
export const stuckDueAt = ({ attention, task }: Vm): Timestamp | undefined => {
  if (!task || (attention?.kind === 'stuck' && attention.since >= task.startedAt)) return undefined;
  return task.deadline;
};

/** When it is to be deleted by its own spec; `undefined`: never, or a delete has been asked for. */
export const deleteDueAt = ({ createdAt, spec, wantedGone }: Vm): Timestamp | undefined => {
  const seconds = spec?.expiresAfterSeconds;
  if (seconds === undefined || createdAt === null || wantedGone) return undefined;
  return later(createdAt, seconds * 1000);
};
