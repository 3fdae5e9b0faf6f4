// The fold's half that concerns the VM itself: owner, epoch, health, failure, residue, stops, attention.
import type { VmEvent } from '@ironlog/schemas';
import { TASKS } from './tasks.ts';
import type { Failure, Vm } from './vm.ts';

export const foldDetails = (vm: Vm, before: Vm, event: VmEvent): Vm => {
  switch (event.name) {
    case 'claimed':
      return { ...vm, owner: event.data.host, hypervisor: event.data.hypervisor, spec: event.data.spec };
    case 'created':
      return { ...vm, everCreated: true };
    case 'boot-started':
      return restarting({ ...vm, epoch: event.data.epoch }, event);
    case 'reboot-started':
    case 'restore-started':
      return { ...vm, epoch: event.data.epoch };
    case 'booted':
    case 'rebooted':
    case 'resumed':
      return well({ ...vm, health: 'responsive', runningSince: event.time });
    case 'restored':
    case 'paused':
    case 'snapshotted':
      return well({ ...vm, runningSince: null });
    case 'stopped':
      return { ...well(halted(vm, event)), lastStop: stop(event.data.cause, event.data.forced, event) };
    case 'crashed':
      return crash(vm, before, event);
    case 'create-failed':
    case 'boot-failed':
    case 'reboot-failed':
      return { ...halted(vm, event), failure: rootFailure(event, event.data), residue: event.data.residue };
    case 'delete-failed':
      return {
        ...halted(vm, event),
        failure: failedAgain(before, event.data) ?? rootFailure(event, event.data),
        residue: event.data.residue,
      };
    case 'restore-failed':
      return { ...halted(vm, event), residue: event.data.residue };
    case 'shutdown-failed':
    case 'pause-failed':
    case 'resume-failed':
    case 'snapshot-failed':
      return vm;
    case 'delete-started':
      return { ...attempted(vm, event), wantedGone: true };
    case 'deleted':
      return { ...well(halted(vm, event)), wantedGone: true, residue: [], deletedAt: event.time };
    case 'cancelled':
      return { ...vm, wantedGone: true, deletedAt: event.time };
    case 'cleanup-started':
      return attempted(vm, event);
    case 'cleaned':
      return { ...vm, residue: [], attention: null };
    case 'cleanup-failed':
      return { ...vm, residue: event.data.residue };
    case 'unresponsive':
    case 'responsive':
      return { ...vm, health: event.name };
    case 'found':
      return {
        ...vm,
        epoch: event.data.epoch,
        attention: null,
        runningSince: event.data.observed === 'running' ? event.time : null,
      };
    case 'lost':
      return {
        ...vm,
        health: 'unknown',
        runningSince: null,
        attention: attention('lost', event, event.data.reason, 'bring the host back, or delete the VM with force'),
      };
    case 'diverged':
      return vm;
    case 'stuck':
      return {
        ...vm,
        attention: attention(
          'stuck',
          event,
          `${event.data.verb} is past its deadline ${event.data.deadline}`,
          event.data.actionRequired,
        ),
      };
    case 'cleanup-abandoned':
      return {
        ...vm,
        attention: attention(
          'cleanup-abandoned',
          event,
          `given up after ${event.data.attempts} attempts; left: ${event.data.residue.join(', ') || 'nothing'}`,
          event.data.actionRequired,
        ),
      };
    case 'shutdown-started':
    case 'pause-started':
    case 'resume-started':
    case 'snapshot-started':
    case 'command-expired':
      return vm;
    default:
      return event satisfies never;
  }
};

const well = (vm: Vm): Vm => ({ ...vm, failure: null, attention: null });
const halted = (vm: Vm, _event: VmEvent): Vm => ({ ...vm, health: 'unknown', runningSince: null });

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

const rootFailure = (event: VmEvent, data: { stage: string; reason: string; retryable: boolean }): Failure => ({
  eventId: event.id,
  event: event.name,
  at: event.time,
  stage: data.stage,
  reason: data.reason,
  retryable: data.retryable,
  attempts: 0,
});

/** A delete that recovery had sent for a failure: that one goes on, with its attempts, or they would never be used up. */
const failedAgain = (before: Vm, data: { stage: string; reason: string; retryable: boolean }): Failure | undefined => {
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
  cause,
  forced,
  at: event.time,
  exitCode: event.data.exitCode ?? null,
  signal: event.data.signal ?? null,
});

/** During a shutdown or delete a dead process is what was wanted: the state stays until their outcome says so. */
const crash = (vm: Vm, before: Vm, event: Extract<VmEvent, { name: 'crashed' }>): Vm => {
  // The owner has spoken: a lost VM waits for nobody any more.
  const settled = { ...vm, attention: before.state === 'lost' ? null : vm.attention };
  const ended = { ...halted(settled, event), lastStop: stop('crash', false, event) };
  if (before.task && TASKS[before.task.verb].onCrash === 'continue') return { ...ended, state: before.state };
  const data = { stage: before.task?.verb ?? 'running', reason: event.data.reason, retryable: true };
  return { ...ended, failure: rootFailure(event, data), residue: event.data.residue };
};

/** A boot by policy counts against the policy's attempts. */
const restarting = (vm: Vm, event: Extract<VmEvent, { name: 'boot-started' }>): Vm => {
  if (event.data.request.door !== 'recovery') return vm;
  const keep = vm.spec?.restart.maxAttempts ?? 1;
  return { ...vm, restarts: [...vm.restarts, event.time].slice(-keep) };
};

const attempted = (vm: Vm, event: Extract<VmEvent, { name: 'cleanup-started' | 'delete-started' }>): Vm => {
  if (!vm.failure || event.data.request.ifFailure !== vm.failure.eventId) return vm;
  return { ...vm, failure: { ...vm.failure, attempts: vm.failure.attempts + 1 } };
};
