// The VMs of a host that has been gone too long are `lost`: their tasks end as failed, and a human is told. No other
// host takes them (a VM never changes host), and `found` by the owner undoes it.
import type { HostId } from '@ironlog/schemas';
import type { Census } from './census.ts';
import type { ScanDeps } from './scan.ts';
import { giveVerdict } from './verdict.ts';

export interface LostDeps extends ScanDeps {
  readonly census: Pick<Census, 'vmsOf'>;
}

export const loseVms = async (deps: LostDeps, host: HostId, reason: string): Promise<void> => {
  for (const ref of await deps.census.vmsOf(host)) {
    const verdict = await giveVerdict(deps, ref, ({ owner, state }) => {
      const isHere = owner === host && state !== 'lost' && state !== 'deleted' && state !== 'absent';
      return isHere ? { fact: { name: 'lost', data: { host, reason } } } : undefined;
    });
    if (verdict.kind === 'unknown') return;
    if (verdict.kind === 'said') deps.logger.error({ ...ref, hostId: host, reason }, 'VM is lost');
  }
};
