// The command of the next attempt. Its id is derived from its cause and the log, so repeated runs by any number of
// workers send it once (P6).
import type { Vm } from '@ironlog/domain';
import { type Action, type CommandId, derivedCommandId, type EventId } from '@ironlog/schemas';
import type { Reads } from '../searches/reads.ts';

/** Refusals by the host before the failure is abandoned to an operator. */
export const MAX_REFUSALS = 6;
const REFUSED_BACKOFF_MS = 1_000;

export interface Wanted {
  readonly vm: Vm;
  /** The failure or stop that the command is for. */
  readonly causeId: EventId;
  readonly action: Action;
  /** Counted by the domain from the log, from 1. */
  readonly attempt: number;
}

export type Attempt =
  | { readonly kind: 'publish'; readonly id: CommandId }
  | { readonly kind: 'wait'; readonly ms: number }
  /** The host has refused it too often; `reason` is the last refusal's. */
  | { readonly kind: 'refused'; readonly times: number; readonly reason: string };

/**
 * A command id is used once: after an expiry (host unavailable) or a rejection (host full) the attempt continues with the
 * next round's id. The VM's fold has the expiries. The read model has the rejections, which no VM's events contain.
 */
export const nextAttempt = (wanted: Wanted, reads: Pick<Reads, 'operation'>, nowMs: number): Attempt => {
  const { vm, causeId, action, attempt } = wanted;
  let refusals = 0;
  for (let round = 0; ; round++) {
    const id = derivedCommandId('recovery', vm.tenant, vm.id, causeId, action.verb, String(attempt), String(round));
    if (vm.commands.some((record) => record.id === id && record.outcome !== 'open')) continue;
    const operation = reads.operation(vm.tenant, id);
    if (operation?.status === 'expired') continue;
    if (operation?.status !== 'rejected') return { kind: 'publish', id };
    refusals += 1;
    const reason = operation.error?.reason ?? 'no reason given';
    if (refusals >= MAX_REFUSALS) return { kind: 'refused', times: refusals, reason };
    const refusedMs = Date.parse(operation.finishedAt ?? operation.request.requestedAt);
    const dueMs = refusedMs + REFUSED_BACKOFF_MS * 2 ** (refusals - 1);
    // Refusals are ordered in time: after a recent one there is no later one.
    if (dueMs > nowMs) return { kind: 'wait', ms: dueMs - nowMs };
  }
};
