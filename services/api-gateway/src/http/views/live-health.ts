// A VM's current health: the log's value holds only while its host sends heartbeats.
import type { HostId, VmView } from '@ironlog/schemas';
import type { Api } from '../api.ts';

/** The health of a silent host's VMs is unknown. Reads the hosts once for a whole list. */
export const withLiveHealth = (api: Pick<Api, 'hosts'>): ((vm: VmView) => VmView) => {
  let live: ReadonlySet<HostId> | undefined;
  return (vm) => {
    if (vm.host === null || vm.health === 'unknown') return vm;
    live ??= new Set(api.hosts.live().map(({ host }) => host));
    return live.has(vm.host) ? vm : { ...vm, health: 'unknown' };
  };
};
