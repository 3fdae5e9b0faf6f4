// Restart by policy: whether a VM that went down by itself comes back, when, and when to stop trying.
import type { Timestamp } from '@ironlog/schemas';
import { later, msBetween } from '../vm/time.ts';
import type { Vm } from '../vm/vm.ts';

export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number }
  | { readonly kind: 'no'; readonly reason: string }
  /** The policy would, and must not: a human is to say. */
  | { readonly kind: 'held'; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly reason: string };

const MAX_BACKOFF_MS = 600_000;

/** When it went down in a way that its policy answers: by a failure, or under `always` by its guest's own stop. */
const downSince = (vm: Vm): Timestamp | undefined => {
  if (vm.state === 'failed') return vm.failure?.at;
  const byItself = vm.state === 'stopped' && vm.lastStop?.cause === 'guest';
  return byItself && vm.spec?.restart.policy === 'always' ? vm.lastStop?.at : undefined;
};

/**
 * `afterMs`: how much longer to wait, counted from `now`. The backoff doubles with each restart in the window before it
 * went down: what is due does not depend on who looks when.
 */
export const restartDecision = (vm: Vm, now: Timestamp): RestartDecision => {
  const policy = vm.spec?.restart;
  if (!policy || policy.policy === 'never') return { kind: 'no', reason: 'its restart policy is never' };
  if (vm.wantedGone) return { kind: 'no', reason: 'a delete was asked for' };
  const downAt = downSince(vm);
  if (downAt === undefined) return { kind: 'no', reason: `it is ${vm.state}` };
  if (!vm.everCreated) return { kind: 'no', reason: 'it was never created' };
  // A policy brings back what was asked to run: nobody has asked that of this one, and its first boot still can.
  if (vm.epoch === 0) return { kind: 'no', reason: 'it was never booted' };
  // Somebody held its guest still. What that held in memory is gone, and booting it would let it run.
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

/** When a guest's own stop is to be answered, by a restart or by a human; `undefined`: it is not, or somebody is at it. */
export const stopDueAt = (vm: Vm): Timestamp | undefined => {
  const { attention, lastStop, state, task } = vm;
  if (state !== 'stopped' || !lastStop || task || attention?.kind === 'cleanup-abandoned') return undefined;
  const decision = restartDecision(vm, lastStop.at);
  if (decision.kind === 'no') return undefined;
  return decision.kind === 'restart' ? later(lastStop.at, decision.afterMs) : lastStop.at;
};
