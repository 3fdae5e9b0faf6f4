// A guest that runs and has failed: it was not ready in time, or its kernel has panicked. Its process is well, and its state
// stays running; its restart policy and the attention list take it as the failure that it is.
import type { VmEvent, VmEventName } from '@ironlog/schemas';
import type { Attention, Draft, Failure, Vm } from './vm.ts';

const GUEST_FAILURES: ReadonlySet<VmEventName> = new Set(['not-ready', 'guest-panicked']);
const KINDS: ReadonlySet<Attention['kind']> = new Set(['not-ready', 'guest-panicked']);
/** What a panic explains, and stands before in the attention list. */
const EXPLAINED: ReadonlySet<Attention['kind']> = new Set(['not-ready', 'reboot-loop', 'unresponsive']);

export const isGuestFailure = (failure: Pick<Failure, 'event'> | null): boolean =>
  failure !== null && GUEST_FAILURES.has(failure.event);

/** Of a VM that goes on as it was, whatever else has made it well. */
export const keepGuestFailure = (next: Draft, before: Vm): void => {
  if (isGuestFailure(before.failure)) next.failure = before.failure;
  if (before.attention && KINDS.has(before.attention.kind)) next.attention ??= before.attention;
};

/** Its process has ended, or is to. */
export const clearGuestFailure = (next: Draft): void => {
  if (isGuestFailure(next.failure)) next.failure = null;
  if (next.attention && KINDS.has(next.attention.kind)) next.attention = null;
};

export const PANICKED = "its guest's kernel has panicked";

export const foldPanic = (next: Draft, event: Extract<VmEvent, { name: 'guest-panicked' }>, failure: Failure): void => {
  next.failure = failure;
  if (next.attention && !EXPLAINED.has(next.attention.kind)) return;
  next.attention = {
    kind: 'guest-panicked',
    since: event.time,
    reason: PANICKED,
    actionRequired:
      "read its console, whose last lines are in the host's log too; reboot the VM or shut it down, with force, or correct its " +
      'image or kernel arguments in a new VM; the entry goes once the guest has restarted or stopped',
  };
};
