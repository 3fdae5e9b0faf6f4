// The VMs of a host that was silent too long become `lost`: their tasks fail, and an operator is asked. No other host
// takes them (a VM never changes host). The returning owner's events undo it.
import type { Vm } from '@ironlog/domain';
import type { HostId } from '@ironlog/schemas';
import type { ScanDeps } from '../searches/search.ts';
import { appendAsRecovery } from '../vms/append-as-recovery.ts';
import type { KnownWriters } from './known-writers.ts';

export interface LostDeps extends ScanDeps {
  readonly knownWriters: Pick<KnownWriters, 'vmsOf'>;
}

const HAS_A_PROCESS: readonly Vm['state'][] = ['pending', 'created', 'running', 'paused'];

/** A stopped or failed VM has no process that could be lost, unless a task is in flight. */
const mayBeLost = ({ state, task }: Vm): boolean =>
  HAS_A_PROCESS.includes(state) || (task !== null && (state === 'stopped' || state === 'failed'));

export const loseVms = async (deps: LostDeps, host: HostId, reason: string): Promise<void> => {
  for (const ref of await deps.knownWriters.vmsOf(host)) {
    const outcome = await appendAsRecovery(deps, ref, (vm) =>
      vm.owner === host && mayBeLost(vm) ? { fact: { name: 'lost', data: { host, reason } } } : undefined,
    );
    if (outcome.kind === 'unknown') return;
    if (outcome.kind === 'appended') deps.logger.error({ ...ref, hostId: host, reason }, 'VM is lost');
  }
};
