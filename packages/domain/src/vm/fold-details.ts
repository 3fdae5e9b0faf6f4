// The part of the fold for the VM itself: owner, epoch, health, failure, residue, stops, attention.
import type { VmEvent } from '@ironlog/schemas';
import { answered, clearRunningAttention, countGuestReboot, needsAnswer, steady } from './attention.ts';
import { clearGuestFailure, foldPanic, keepGuestFailure, PANICKED } from './guest-failure.ts';
import { awaitReady, clearReadiness, foldNotReady, foldReady, keepLateness, notReadyReason } from './readiness.ts';
import { TASKS } from './tasks.ts';
import type { Draft, Failure, Vm } from './vm.ts';

/** `next` already has its new state and task; `before` is the VM before the event. */
export const foldDetails = (next: Draft, before: Vm, event: VmEvent): void => {
  switch (event.name) {
    case 'claimed':
      next.owner = event.data.host;
      next.hypervisor = event.data.hypervisor;
      next.spec = event.data.spec;
      if (event.data.image) next.image = event.data.image;
      break;
    case 'created':
      next.everCreated = true;
      break;
    case 'boot-started':
      next.epoch = event.data.epoch;
      restarting(next, event);
      break;
    case 'reboot-started':
      next.epoch = event.data.epoch;
      guestEnds(next);
      restarting(next, event);
      break;
    case 'restore-started':
      next.epoch = event.data.epoch;
      guestEnds(next);
      break;
    case 'booted':
      next.health = 'responsive';
      next.runningSince = event.time;
      awaitReady(next, event, before.task);
      well(next);
      break;
    case 'resumed':
      next.health = 'responsive';
      next.runningSince = event.time;
      wellExceptGuest(next, before);
      break;
    case 'rebooted':
      next.health = 'responsive';
      next.runningSince = event.time;
      if (event.data.cause === 'guest') {
        well(next);
        countGuestReboot(next, event, before.attention);
        keepLateness(next, before);
      } else {
        awaitReady(next, event, null);
        well(next);
        clearRunningAttention(next);
      }
      break;
    case 'restored':
      next.runningSince = null;
      well(next);
      break;
    case 'paused':
    case 'snapshotted':
      next.runningSince = null;
      wellExceptGuest(next, before);
      break;
    case 'stopped':
      halted(next);
      halt(next, stop(event.data.cause, event.data.forced, event), event);
      well(next);
      break;
    case 'crashed':
      crash(next, before, event);
      break;
    case 'create-failed':
    case 'boot-failed':
    case 'reboot-failed':
      halted(next);
      next.failure = rootFailure(event, before, event.data);
      next.residue = event.data.residue;
      break;
    case 'delete-failed':
      halted(next);
      next.failure = failedAgain(before, event.data) ?? rootFailure(event, before, event.data);
      next.residue = event.data.residue;
      break;
    case 'restore-failed':
      halted(next);
      next.residue = event.data.residue;
      break;
    case 'delete-started':
      attempted(next, event);
      next.wantedGone = true;
      break;
    case 'deleted':
      halted(next);
      next.wantedGone = true;
      next.residue = [];
      next.deletedAt = event.time;
      well(next);
      break;
    case 'cancelled':
      next.wantedGone = true;
      next.deletedAt = event.time;
      break;
    case 'cleanup-started':
      attempted(next, event);
      break;
    case 'cleaned':
      next.residue = [];
      next.attention = null;
      break;
    case 'cleanup-failed':
      next.residue = event.data.residue;
      break;
    case 'unresponsive':
      next.health = 'unresponsive';
      needsAnswer(next, event);
      break;
    case 'responsive':
      next.health = 'responsive';
      answered(next);
      break;
    case 'guest-steady':
      steady(next);
      break;
    case 'guest-panicked':
      foldPanic(next, event, rootFailure(event, before, { stage: 'running', reason: PANICKED, retryable: true }));
      break;
    case 'ready':
      foldReady(next, event);
      break;
    case 'not-ready':
      foldNotReady(next, rootFailure(event, before, lateCause(event)));
      break;
    case 'found':
      next.epoch = event.data.epoch;
      next.attention = null;
      next.runningSince = event.data.observed === 'running' ? event.time : null;
      break;
    case 'lost':
      outOfReach(next);
      next.lostIn = stateKnown(before);
      next.attention = attention('lost', event, event.data.reason, 'bring the host back, or delete the VM with force');
      break;
    case 'stuck':
      next.attention = attention(
        'stuck',
        event,
        `${event.data.verb} is past its deadline ${event.data.deadline}`,
        event.data.actionRequired,
      );
      break;
    case 'cleanup-abandoned':
      next.attention = attention(
        'cleanup-abandoned',
        event,
        `${givenUp(event.data.attempts)}; left: ${event.data.residue.join(', ') || 'nothing'}`,
        event.data.actionRequired,
      );
      break;
    case 'diverged':
    case 'shutdown-started':
    case 'pause-started':
    case 'resume-started':
    case 'snapshot-started':
    case 'shutdown-failed':
    case 'pause-failed':
    case 'resume-failed':
    case 'snapshot-failed':
    case 'command-expired':
      break;
    default:
      event satisfies never;
  }
};

const well = (next: Draft): void => {
  next.failure = null;
  next.attention = null;
};

/** What only its guest makes good again is left. */
const wellExceptGuest = (next: Draft, before: Vm): void => {
  well(next);
  keepGuestFailure(next, before);
};

const halted = (next: Draft): void => {
  outOfReach(next);
  guestEnds(next);
};

/** What is said of a guest ends with it. */
const guestEnds = (next: Draft): void => {
  clearReadiness(next);
  clearGuestFailure(next);
};

/** Its process may run on. */
const outOfReach = (next: Draft): void => {
  clearRunningAttention(next);
  next.health = 'unknown';
  next.runningSince = null;
};

const attention = (
  kind: NonNullable<Vm['attention']>['kind'],
  event: VmEvent,
  reason: string,
  actionRequired: string,
): Vm['attention'] => ({
  kind,
  since: event.time,
  reason,
  actionRequired,
});

const givenUp = (attempts: number): string =>
  attempts === 0 ? 'not restarted by policy' : `given up after ${attempts} attempts`;

/** The stable state, or the one before the host was lost. */
const stateKnown = ({ lostIn, state }: Vm): Vm['state'] => (state === 'lost' && lostIn ? lostIn : state);

interface Cause {
  readonly stage: string;
  readonly reason: string;
  readonly retryable: boolean;
}

const rootFailure = (event: VmEvent, before: Vm, data: Cause): Failure => ({
  eventId: event.id,
  event: event.name,
  at: event.time,
  stage: data.stage,
  reason: data.reason,
  retryable: data.retryable,
  attempts: 0,
  from: stateKnown(before),
  door: before.task?.intent.data.request.door ?? null,
});

const lateCause = ({ data }: Extract<VmEvent, { name: 'not-ready' }>): Cause => ({
  stage: 'ready',
  reason: notReadyReason(data.afterMs),
  retryable: true,
});

/** A delete that recovery had sent for a failure: that one goes on, with its attempts, or they would never be used up. */
const failedAgain = (before: Vm, data: Cause): Failure | undefined => {
  const { failure, task } = before;
  if (!failure || task?.intent.data.request.ifFailure !== failure.eventId) return undefined;
  const { stage, reason, retryable } = data;
  return { ...failure, stage, reason, retryable };
};

const stop = (
  cause: 'requested' | 'guest' | 'crash' | 'policy',
  forced: boolean,
  event: Extract<VmEvent, { name: 'stopped' | 'crashed' }>,
): Vm['lastStop'] => ({
  eventId: event.id,
  cause,
  forced,
  at: event.time,
  exitCode: event.data.exitCode ?? null,
  signal: event.data.signal ?? null,
});

const halt = (next: Draft, lastStop: Vm['lastStop'], { traceparent }: VmEvent): void => {
  next.lastStop = lastStop;
  if (traceparent !== undefined) next.stopTraceparent = traceparent;
  else delete next.stopTraceparent;
};

/** During a shutdown or delete the end of the process is expected: the state stays until their outcome. */
const crash = (next: Draft, before: Vm, event: Extract<VmEvent, { name: 'crashed' }>): void => {
  // The owner has reported: attention for `lost` ends.
  if (before.state === 'lost') next.attention = null;
  halted(next);
  halt(next, stop('crash', false, event), event);
  if (before.task && TASKS[before.task.verb].onCrash === 'continue') {
    next.state = before.state;
    return;
  }
  const data = { stage: before.task?.verb ?? 'running', reason: event.data.reason, retryable: true };
  next.failure = rootFailure(event, before, data);
  next.residue = event.data.residue;
};

/** A boot, or a reboot, by policy counts against the policy's attempts. */
const restarting = (next: Draft, event: Extract<VmEvent, { name: 'boot-started' | 'reboot-started' }>): void => {
  if (event.data.request.door !== 'recovery') return;
  const keep = next.spec?.restart.maxAttempts ?? 1;
  next.restarts = [...next.restarts, event.time].slice(-keep);
};

const attempted = (next: Draft, event: Extract<VmEvent, { name: 'cleanup-started' | 'delete-started' }>): void => {
  const { failure } = next;
  if (!failure || event.data.request.ifFailure !== failure.eventId) return;
  next.failure = { ...failure, attempts: failure.attempts + 1 };
};
