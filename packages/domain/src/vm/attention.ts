// What of a running VM needs a human: a process that does not answer, a guest that restarts itself over and over.
import type { Timestamp, VmEvent } from '@ironlog/schemas';
import { later, msBetween } from './time.ts';
import type { Attention, Draft, GuestReboot, Vm } from './vm.ts';

/** This many restarts by the guest within the window are a loop. */
export const LOOP_REBOOTS = 5;
/** Also how long a guest must run without a restart before it counts as steady again. */
export const LOOP_WINDOW_MS = 600_000;

/** Both end with the process or with its answer; every other kind ends by what a human or recovery does. */
const isOfRunning = ({ kind }: Attention): boolean => kind === 'unresponsive' || kind === 'reboot-loop';

/** The process is gone, and with it what it needed a human for. */
export const clearRunningAttention = (next: Draft): void => {
  if (next.attention && isOfRunning(next.attention)) next.attention = null;
  next.guestReboots = [];
};

/** Nothing that needs a human for another reason is overwritten. */
export const needsAnswer = (next: Draft, event: Extract<VmEvent, { name: 'unresponsive' }>): void => {
  if (next.attention && !isOfRunning(next.attention)) return;
  next.attention = unresponsive(event.time, `its process has not answered for ${seconds(event.data.sinceMs)} s`);
};

export const answered = (next: Draft): void => {
  if (next.attention?.kind === 'unresponsive') next.attention = null;
  if (!next.attention) next.attention = loopOf(next, null);
};

/** The report of a stuck task ends with the task; the process may be silent, or its guest in a loop, all the same. */
export const endStuck = (next: Draft, now: Timestamp): void => {
  if (next.attention?.kind !== 'stuck') return;
  next.attention =
    next.health === 'unresponsive' ? unresponsive(now, 'its process does not answer') : loopOf(next, null);
};

/** `next` has no attention any more: a guest that restarts is one that runs. `before`: the entry that it had. */
export const countGuestReboot = (
  next: Draft,
  event: Extract<VmEvent, { name: 'rebooted' }>,
  before: Attention | null,
): void => {
  const reboot = { at: event.time, times: event.data.times ?? 1 };
  const recent = next.guestReboots.filter(({ at }) => msBetween(at, event.time) < LOOP_WINDOW_MS);
  // Each entry counts at least one: the newest few are enough to tell a loop.
  next.guestReboots = [...recent, reboot].slice(-LOOP_REBOOTS);
  next.attention = loopOf(next, before);
};

export const steady = (next: Draft): void => {
  next.guestReboots = [];
  if (next.attention?.kind === 'reboot-loop') next.attention = null;
};

/** When a guest in a loop counts as steady, if it does not restart before; `undefined`: it is in none. */
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
    reason: `its guest restarts itself over and over: ${LOOP_REBOOTS} times or more within ${LOOP_WINDOW_MS / 60_000} minutes`,
    actionRequired:
      'read its console; shut the VM down with force, or correct its image or kernel arguments in a new VM; ' +
      `the entry goes once the guest has run ${LOOP_WINDOW_MS / 60_000} minutes without a restart, or has stopped`,
  };
};

const seconds = (ms: number): number => Math.round(ms / 1000);

const unresponsive = (since: Timestamp, reason: string): Attention => ({
  kind: 'unresponsive',
  since,
  reason,
  actionRequired:
    "see on the host whether its process is stopped or the VM's directory is gone; continue the process, or shut the VM " +
    'down or delete it, with force; the entry goes once the process answers or has ended',
});
