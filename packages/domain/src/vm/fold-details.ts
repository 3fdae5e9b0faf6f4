// The fold's half that concerns the VM itself: owner, epoch, health, failure, residue, stops, attention.
import type { VmEvent } from '@ironlog/schemas';
import { answered, clearRunningAttention, countGuestReboot, needsAnswer, steady } from './attention.ts';
import { TASKS } from './tasks.ts';
import type { Draft, Failure, Vm } from './vm.ts';

/** `next` has its new state and task already; `before` is the VM as it was. */
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
    case 'restore-started':
      next.epoch = event.data.epoch;
      break;
    case 'booted':
    case 'resumed':
      next.health = 'responsive';
      next.runningSince = event.time;
      well(next);
      break;
    case 'rebooted':
      next.health = 'responsive';
      next.runningSince = event.time;
      well(next);
      if (event.data.cause === 'guest') countGuestReboot(next, event, before.attention);
      else clearRunningAttention(next);
      break;
    case 'restored':
    case 'paused':
    case 'snapshotted':
      next.runningSince = null;
      well(next);
      break;
    case 'stopped':
      halted(next);
      next.lastStop = stop(event.data.cause, event.data.forced, event);
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
    case 'found':
      next.epoch = event.data.epoch;
      next.attention = null;
      next.runningSince = event.data.observed === 'running' ? event.time : null;
      break;
    case 'lost':
      halted(next);
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

const halted = (next: Draft): void => {
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

/** Its stable state, or the one before its host was lost. */
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

/** During a shutdown or delete a dead process is what was wanted: the state stays until their outcome says so. */
const crash = (next: Draft, before: Vm, event: Extract<VmEvent, { name: 'crashed' }>): void => {
  // The owner has spoken: a lost VM waits for nobody any more.
  if (before.state === 'lost') next.attention = null;
  halted(next);
  next.lastStop = stop('crash', false, event);
  if (before.task && TASKS[before.task.verb].onCrash === 'continue') {
    next.state = before.state;
    return;
  }
  const data = { stage: before.task?.verb ?? 'running', reason: event.data.reason, retryable: true };
  next.failure = rootFailure(event, before, data);
  next.residue = event.data.residue;
};

/** A boot by policy counts against the policy's attempts. */
const restarting = (next: Draft, event: Extract<VmEvent, { name: 'boot-started' }>): void => {
  if (event.data.request.door !== 'recovery') return;
  const keep = next.spec?.restart.maxAttempts ?? 1;
  next.restarts = [...next.restarts, event.time].slice(-keep);
};

const attempted = (next: Draft, event: Extract<VmEvent, { name: 'cleanup-started' | 'delete-started' }>): void => {
  const { failure } = next;
  if (!failure || event.data.request.ifFailure !== failure.eventId) return;
  next.failure = { ...failure, attempts: failure.attempts + 1 };
};
