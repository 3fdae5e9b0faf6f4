// A guest that says when it is ready: from the start of its epoch it is awaited, until it says so or its process ends.
import type { Timestamp, VmEvent } from '@ironlog/schemas';
import { later } from './time.ts';
import type { Attention, Draft, Failure, Task, Vm } from './vm.ts';

/** Its guest starts anew, in a process of its own; the command that has brought that about may go on until it is ready. */
export const awaitReady = (next: Draft, event: VmEvent, task: Task | null): void => {
  next.readyAt = null;
  next.awaited = next.spec?.ready
    ? { since: event.time, isLate: false, command: task && goesOn(task) ? awaiting(task) : null }
    : null;
};

/** No guest is awaited any more, and none is ready or late. */
export const clearReadiness = (next: Draft): void => {
  next.readyAt = null;
  next.awaited = null;
  clearLateness(next);
};

export const foldReady = (next: Draft, event: Extract<VmEvent, { name: 'ready' }>): void => {
  next.readyAt = event.time;
  next.awaited = null;
  // It was handed to a human because it was not.
  if (next.failure?.event === 'not-ready' && next.attention?.kind === 'cleanup-abandoned') next.attention = null;
  clearLateness(next);
};

export const keepLateness = (next: Draft, before: Vm): void => {
  if (before.failure?.event === 'not-ready') next.failure = before.failure;
  if (before.attention?.kind === 'not-ready') next.attention ??= before.attention;
};

const clearLateness = (next: Draft): void => {
  if (next.failure?.event === 'not-ready') next.failure = null;
  if (next.attention?.kind === 'not-ready') next.attention = null;
};

/** The VM runs on; its restart policy finds the failure. Nothing that needs a human for another reason is overwritten. */
export const foldNotReady = (next: Draft, event: Extract<VmEvent, { name: 'not-ready' }>, failure: Failure): void => {
  if (next.awaited) next.awaited = { ...next.awaited, isLate: true, command: null };
  next.failure = failure;
  next.attention ??= notReady(next, event);
};

/** A command that goes on until the guest is ready is not ended by its boot. */
export const goesOn = ({ intent }: Task): boolean => intent.name === 'boot-started' && intent.data.until === 'ready';

/** When a guest that has not said so is not ready in time; `undefined`: none is awaited, or that is on record. */
export const readyDueAt = ({ awaited, spec, state }: Vm): Timestamp | undefined =>
  awaited && !awaited.isLate && spec?.ready && state === 'running'
    ? later(awaited.since, spec.ready.timeoutSeconds * 1000)
    : undefined;

export const notReadyReason = (afterMs: number): string =>
  `its guest has not printed what says that it is ready for ${Math.round(afterMs / 1000)} s`;

const awaiting = ({ commandId, operationId, intent }: Task) => ({
  id: commandId,
  operationId,
  verb: intent.data.request.verb,
});

const notReady = (next: Draft, event: Extract<VmEvent, { name: 'not-ready' }>): Attention => ({
  kind: 'not-ready',
  since: event.time,
  reason: notReadyReason(event.data.afterMs),
  actionRequired:
    `read its console for ${JSON.stringify(next.spec?.ready?.console ?? '')}; reboot the VM or shut it down, with force, or correct ` +
    'its image, kernel arguments or spec.ready in a new VM; the entry goes once the guest is ready or has stopped',
});
