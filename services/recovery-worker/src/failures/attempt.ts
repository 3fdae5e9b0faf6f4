// Which command the next attempt is: its id follows from its cause and the log, so that any number of looks, by any
// number of workers, ask for the same thing once (P6).
import type { Vm } from '@ironlog/domain';
import { type Action, type CommandId, derivedCommandId, type EventId } from '@ironlog/schemas';
import type { Reads } from '../searches/reads.ts';

/** Refusals by the host before a human is asked. */
export const MAX_REFUSALS = 6;
const REFUSED_BACKOFF_MS = 1_000;

export interface Wanted {
  readonly vm: Vm;
  /** The failure, or the stop, that it answers. */
  readonly causeId: EventId;
  readonly action: Action;
  /** Counted by the domain, from the log: 1 for the first. */
  readonly attempt: number;
}

export type Attempt =
  | { readonly kind: 'publish'; readonly id: CommandId }
  | { readonly kind: 'wait'; readonly ms: number }
  /** The host has refused it too often; `reason` is the last refusal's. */
  | { readonly kind: 'refused'; readonly times: number; readonly reason: string };

/**
 * A command id is used once: after an expiry (the host was away) or a rejection (it was full) the same attempt goes on
 * under the id of the next round. Expiries are in the VM's fold; rejections touch no VM, so the read model tells of them.
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
    // Refusals follow one another in time: after one that is still fresh there is no later one.
    if (dueMs > nowMs) return { kind: 'wait', ms: dueMs - nowMs };
  }
};
