// Restarts guests that stopped by themselves under the policy `always`. A stop is no failure, so no message is pending for
// it: the read model is searched often, and the log decides (P4).
import { stopAction, type Vm } from '@ironlog/domain';
import { abandon } from '../failures/abandon.ts';
import { type RecoverDeps, recover } from '../failures/recover.ts';
import type { Reads } from './reads.ts';

export interface GuestStopDeps extends RecoverDeps {
  readonly reads: Pick<Reads, 'operation' | 'dueRestarts'>;
}

/** The same number as failures in progress: many guests may stop at once. */
const AT_ONCE = 64;

/** One search. A command that it sent is found again until it is decided, and is not sent twice. */
export const restartStopped = async (deps: GuestStopDeps): Promise<void> => {
  const candidates = deps.reads.dueRestarts(deps.clock.now().toISOString());
  for (let at = 0; at < candidates.length && !deps.signal.aborted; at += AT_ONCE)
    await Promise.all(candidates.slice(at, at + AT_ONCE).map((candidate) => answer(deps, candidate)));
};

const answer = async (deps: GuestStopDeps, { tenant, id: subject, lastStop }: Vm): Promise<void> => {
  if (!lastStop) return;
  const vm = await deps.vms.load({ tenant, vmId: subject });
  const traceparent = vm.lastStop?.eventId === lastStop.eventId ? vm.stopTraceparent : undefined;
  const cause = { id: lastStop.eventId, name: 'stopped', tenant, subject, traceparent } as const;
  const action = stopAction(vm, cause.id, deps.clock.now().toISOString());
  if (action.kind === 'command') {
    // Any later event makes the command void: a client's boot, a delete, or recovery's own boot.
    const voidUnless = { expectedRevision: vm.revision };
    await recover(deps, { vm, cause, voidUnless, action: action.action, attempt: action.attempt });
  }
  if (action.kind === 'abandon')
    await abandon(deps, { vm, cause, attempts: action.attempts, actionRequired: action.actionRequired });
};
