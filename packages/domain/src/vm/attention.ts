// Attention entries of a running VM: its process does not answer, or its guest restarts itself repeatedly.
import type { Timestamp, VmEvent } from '@ironlog/schemas';
import { later, msBetween } from './time.ts';
import type { Attention, Draft, GuestReboot, Vm } from './vm.ts';

/** The number of restarts by the guest within the window that counts as a loop. */
export const LOOP_REBOOTS = 5;
/** Also how long a guest must run without a restart before it counts as steady again. */
export const LOOP_WINDOW_MS = 600_000;

/** Both end with the process or with its answer; every other kind ends by an action of an operator or of recovery. */
const isOfRunning = ({ kind }: Attention): boolean => kind === 'unresponsive' || kind === 'reboot-loop';

/** For a process that has ended: its attention entry ends with it. */
export const clearRunningAttention = (next: Draft): void => {
  if (next.attention && isOfRunning(next.attention)) next.attention = null;
  next.guestReboots = [];
};

/** Keeps an entry of any other kind. */
export const needsAnswer = (next: Draft, event: Extract<VmEvent, { name: 'unresponsive' }>): void => {
  if (next.attention && !isOfRunning(next.attention)) return;
  next.attention = unresponsive(event.time, `its process has not answered for ${seconds(event.data.sinceMs)} s`);
};

export const answered = (next: Draft): void => {
  if (next.attention?.kind === 'unresponsive') next.attention = null;
  if (!next.attention) next.attention = loopOf(next, null);
};

/** A `stuck` entry ends with its task; the process may still not answer, or its guest still be in a loop. */
export const endStuck = (next: Draft, now: Timestamp): void => {
  if (next.attention?.kind !== 'stuck') return;
  next.attention =
    next.health === 'unresponsive' ? unresponsive(now, 'its process does not answer') : loopOf(next, null);
};

/** `next` has no attention entry, because a guest that restarts is running. `before`: its last entry. */
export const countGuestReboot = (
  next: Draft,
  event: Extract<VmEvent, { name: 'rebooted' }>,
  before: Attention | null,
): void => {
  const reboot = { at: event.time, times: event.data.times ?? 1 };
  const recent = next.guestReboots.filter(({ at }) => msBetween(at, event.time) < LOOP_WINDOW_MS);
  // Each entry counts at least one restart, so the newest few suffice to detect a loop.
  next.guestReboots = [...recent, reboot].slice(-LOOP_REBOOTS);
  next.attention = loopOf(next, before);
};

export const steady = (next: Draft): void => {
  next.guestReboots = [];
  if (next.attention?.kind === 'reboot-loop') next.attention = null;
};

/** When a guest in a loop counts as steady, unless it restarts before; `undefined`: it is in no loop. */
export const steadyDueAt = ({ attention, guestReboots }: Vm): Timestamp | undefined => {
  const last = guestReboots.at(-1);
  return attention?.kind === 'reboot-loop' && last ? later(last.at, LOOP_WINDOW_MS) : undefined;
};

const loopOf = ({ guestReboots }: Draft, before: Attention | null): Attention | null => {
  const [first] = guestReboots;
  const times = guestReboots.reduce((sum, reboot: GuestReboot) => sum + reboot.times, 0);
  if (!first || times < LOOP_REBOOTS) return null;
  return {
    kind: 'reboot-loop',
    since: before?.kind === 'reboot-loop' ? before.since : first.at,
    reason: `its guest restarts itself repeatedly: ${LOOP_REBOOTS} times or more within ${LOOP_WINDOW_MS / 60_000} minutes`,
    actionRequired:
      'read its console; shut the VM down with force, or correct its image or kernel arguments in a new VM; ' +
      `the entry ends once the guest has run ${LOOP_WINDOW_MS / 60_000} minutes without a restart, or has stopped`,
  };
};

const seconds = (ms: number): number => Math.round(ms / 1000);

const unresponsive = (since: Timestamp, reason: string): Attention => ({
  kind: 'unresponsive',
  since,
  reason,
  actionRequired:
    "check on the host whether its process is stopped or the VM's directory is missing; continue the process, or shut the VM " +
    'down or delete it, with force; the entry ends once the process answers or has ended',
});
