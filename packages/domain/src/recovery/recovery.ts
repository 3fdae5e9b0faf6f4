// Decides recovery's next action for a root failure or for a guest's own stop. Pure, from the VM's latest state:
// deciding twice is harmless.
import type { Action, EventId, Timestamp } from '@ironlog/schemas';
import { later, msBetween } from '../vm/time.ts';
import type { Vm } from '../vm/vm.ts';
import { isLate, restartDecision } from './restart-policy.ts';

export type RecoveryAction =
  | { readonly kind: 'resolved'; readonly reason: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'command'; readonly action: Action; readonly attempt: number }
  | { readonly kind: 'abandon'; readonly attempts: number; readonly actionRequired: string };

/** Cleanup attempts for one failure before it is abandoned to an operator. */
export const MAX_CLEANUP_ATTEMPTS = 6;
const CLEANUP_BACKOFF_MS = 500;
const RETRY_AFTER_MS = 1000;

export const recoveryAction = (vm: Vm, failureId: EventId, now: Timestamp): RecoveryAction => {
  const { failure } = vm;
  if (failure?.eventId !== failureId) return { kind: 'resolved', reason: 'the VM has moved on' };
  if (vm.attention?.kind === 'cleanup-abandoned')
    return { kind: 'resolved', reason: 'already abandoned to an operator' };
  if (vm.task) return { kind: 'wait', ms: RETRY_AFTER_MS };
  if (vm.wantedGone) return vm.state === 'deleted' ? { kind: 'resolved', reason: 'deleted' } : clean(vm, now);
  if (vm.residue.length > 0) return clean(vm, now);
  return restart(vm, now);
};

/** For a guest that stopped by itself. Only the policy `always` leads to an action. */
export const stopAction = (vm: Vm, stopId: EventId, now: Timestamp): RecoveryAction => {
  if (vm.state !== 'stopped' || vm.lastStop?.eventId !== stopId)
    return { kind: 'resolved', reason: 'the VM has moved on' };
  if (vm.attention?.kind === 'cleanup-abandoned')
    return { kind: 'resolved', reason: 'already abandoned to an operator' };
  return vm.task ? { kind: 'wait', ms: RETRY_AFTER_MS } : byPolicy(vm, now);
};

const clean = (vm: Vm, now: Timestamp): RecoveryAction => {
  const failure = vm.failure;
  const attempts = failure?.attempts ?? 0;
  if (!failure || attempts >= MAX_CLEANUP_ATTEMPTS)
    return { kind: 'abandon', attempts, actionRequired: cleanupAdvice(vm) };
  const dueAt = later(vm.updatedAt ?? failure.at, attempts === 0 ? 0 : CLEANUP_BACKOFF_MS * 2 ** (attempts - 1));
  const ms = msBetween(now, dueAt);
  if (ms > 0) return { kind: 'wait', ms };
  const action: Action = vm.wantedGone ? { verb: 'delete', params: { force: true } } : { verb: 'cleanup', params: {} };
  return { kind: 'command', action, attempt: attempts + 1 };
};

const cleanupAdvice = (vm: Vm): string =>
  `on host ${vm.owner ?? '(unknown)'} remove the residue of ${vm.tenant}/${vm.id} (${vm.residue.join(', ') || 'unknown'}), ` +
  `then send ${vm.wantedGone ? 'delete with force' : 'cleanup'}: ${vm.failure?.reason ?? 'no reason recorded'}`;

/**
 * A failed boot that a client requested is not restarted. A crash, or a failed boot by recovery, follows the policy.
 */
const restart = (vm: Vm, now: Timestamp): RecoveryAction => {
  const isAnswered =
    vm.failure?.event === 'crashed' ||
    (vm.failure?.event === 'boot-failed' && vm.failure.door === 'recovery') ||
    vm.failure?.event === 'reboot-failed' ||
    vm.failure?.event === 'not-ready';
  return isAnswered ? byPolicy(vm, now) : { kind: 'resolved', reason: 'clean, and nothing to restart' };
};

const byPolicy = (vm: Vm, now: Timestamp): RecoveryAction => {
  const decision = restartDecision(vm, now);
  switch (decision.kind) {
    case 'no':
      return { kind: 'resolved', reason: decision.reason };
    case 'held':
      return {
        kind: 'abandon',
        attempts: 0,
        actionRequired: `boot ${vm.tenant}/${vm.id} by hand if it is to run, or delete it: ${decision.reason}; the memory of its guest is lost`,
      };
    case 'exhausted':
      return {
        kind: 'abandon',
        attempts: vm.restarts.length,
        actionRequired: `find out why ${vm.tenant}/${vm.id} does not stay up (${decision.reason}), then boot it by hand`,
      };
    case 'restart':
      return decision.afterMs > 0
        ? { kind: 'wait', ms: decision.afterMs }
        : { kind: 'command', action: restartOf(vm), attempt: vm.restarts.length + 1 };
    default:
      return decision satisfies never;
  }
};

/** A guest that was not ready in time still runs, and is not asked: it may not hear. */
const restartOf = (vm: Vm): Action =>
  isLate(vm) ? { verb: 'reboot', params: { force: true, timeoutSeconds: 1 } } : { verb: 'boot', params: {} };
