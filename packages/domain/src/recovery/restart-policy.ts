// Restart policy: whether a VM that went down by itself is restarted, when, and when the attempts end.
import type { Timestamp } from '@ironlog/schemas';
import { later, msBetween } from '../vm/time.ts';
import type { Vm } from '../vm/vm.ts';

export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number }
  | { readonly kind: 'no'; readonly reason: string }
  /** The policy allows a restart, but the guest was paused: an operator must decide. */
  | { readonly kind: 'held'; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly reason: string };

const MAX_BACKOFF_MS = 600_000;

/** Its guest runs, and was not ready in time: to its policy that is a failure like another. */
export const isLate = ({ state, failure }: Vm): boolean => state === 'running' && failure?.event === 'not-ready';

/** When it went down in a way that its policy answers: by a failure, or under `always` by its guest's own stop. */
const downSince = (vm: Vm): Timestamp | undefined => {
  if (vm.state === 'failed' || isLate(vm)) return vm.failure?.at;
  const byItself = vm.state === 'stopped' && vm.lastStop?.cause === 'guest';
  return byItself && vm.spec?.restart.policy === 'always' ? vm.lastStop?.at : undefined;
};

/**
 * `afterMs`: remaining delay from `now`, in milliseconds. The backoff doubles with each restart in the window before
 * the VM went down, so the due time does not depend on when it is read.
 */
export const restartDecision = (vm: Vm, now: Timestamp): RestartDecision => {
  const policy = vm.spec?.restart;
  if (!policy || policy.policy === 'never') return { kind: 'no', reason: 'its restart policy is never' };
  if (vm.wantedGone) return { kind: 'no', reason: 'a delete was asked for' };
  const downAt = downSince(vm);
  if (downAt === undefined) return { kind: 'no', reason: `it is ${vm.state}` };
  if (!vm.everCreated) return { kind: 'no', reason: 'it was never created' };
  // A policy keeps running what a client booted. This VM was never booted; its first boot is still allowed.
  if (vm.epoch === 0) return { kind: 'no', reason: 'it was never booted' };
  // The guest was paused. Its memory is lost, and a boot would run it against the client's request.
  if (vm.failure?.event === 'crashed' && vm.failure.from === 'paused')
    return { kind: 'held', reason: 'it was paused when its process died' };
  const recent = vm.restarts.filter((at) => msBetween(at, downAt) < policy.windowSeconds * 1000);
  if (recent.length >= policy.maxAttempts) {
    return {
      kind: 'exhausted',
      reason: `${recent.length} restarts within ${policy.windowSeconds} s, as many as its policy allows`,
    };
  }
  const backoff = Math.min(policy.backoffMs * 2 ** recent.length, MAX_BACKOFF_MS);
  return { kind: 'restart', afterMs: Math.max(0, backoff - msBetween(downAt, now)) };
};

/**
 * When recovery must act on a guest's own stop; `undefined`: no action, or a task is in flight or the VM needs an
 * operator.
 */
export const stopDueAt = (vm: Vm): Timestamp | undefined => {
  const { attention, lastStop, state, task } = vm;
  if (state !== 'stopped' || !lastStop || task || attention?.kind === 'cleanup-abandoned') return undefined;
  const decision = restartDecision(vm, lastStop.at);
  if (decision.kind === 'no') return undefined;
  return decision.kind === 'restart' ? later(lastStop.at, decision.afterMs) : lastStop.at;
};
