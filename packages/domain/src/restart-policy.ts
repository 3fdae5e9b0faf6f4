// Restart by policy: whether a crashed VM comes back, when, and when to stop trying.
import type { Timestamp } from '@ironlog/schemas';
import { msBetween } from './time.ts';
import type { Vm } from './vm.ts';

export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number }
  | { readonly kind: 'no'; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly reason: string };

const MAX_BACKOFF_MS = 600_000;

/** `afterMs`: how much longer to wait, counted from `now`; the backoff doubles with each restart in the window. */
export const restartDecision = (vm: Vm, now: Timestamp): RestartDecision => {
  const policy = vm.spec?.restart;
  if (!policy || policy.policy === 'never') return { kind: 'no', reason: 'its restart policy is never' };
  if (vm.wantedGone) return { kind: 'no', reason: 'a delete was asked for' };
  if (vm.state !== 'failed' || !vm.failure) return { kind: 'no', reason: `it is ${vm.state}` };
  if (!vm.everCreated) return { kind: 'no', reason: 'it was never created' };
  const recent = vm.restarts.filter((at) => msBetween(at, now) < policy.windowSeconds * 1000);
  if (recent.length >= policy.maxAttempts) {
    return {
      kind: 'exhausted',
      reason: `${recent.length} restarts within ${policy.windowSeconds} s, as many as its policy allows`,
    };
  }
  const backoff = Math.min(policy.backoffMs * 2 ** recent.length, MAX_BACKOFF_MS);
  return { kind: 'restart', afterMs: Math.max(0, backoff - msBetween(vm.failure.at, now)) };
};
