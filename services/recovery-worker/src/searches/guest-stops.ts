// A guest that has stopped by itself runs again where its policy is `always`. A stop is no failure, so no message waits for
// it: the read model is asked, often, and the log decides (P4).
import { stopAction, type Vm } from '@ironlog/domain';
import { abandon } from '../failures/abandon.ts';
import { type RecoverDeps, recover } from '../failures/recover.ts';
import type { Reads } from './reads.ts';

export interface GuestStopDeps extends RecoverDeps {
  readonly reads: Pick<Reads, 'operation' | 'dueRestarts'>;
}

/** As many as failures in hand: a host that is shut down by its guests is many at once. */
const AT_ONCE = 64;

/** One search. What it has sent it finds again until that is decided, and then it sends nothing. */
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
    // Whatever follows the stop makes it void: somebody else's boot, a delete, or a boot of recovery's own.
    const voidUnless = { expectedRevision: vm.revision };
    await recover(deps, { vm, cause, voidUnless, action: action.action, attempt: action.attempt });
  }
  if (action.kind === 'abandon')
    await abandon(deps, { vm, cause, attempts: action.attempts, actionRequired: action.actionRequired });
};
