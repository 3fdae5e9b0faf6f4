// A VM as it is known at this moment: what the log says of its health holds only while its host is heard.
import type { HostId, VmView } from '@ironlog/schemas';
import type { Api } from '../api.ts';

/** Nobody looks after the VMs of a host that is silent, so nobody can say how they are. One look at the hosts for a whole list. */
export const withLiveHealth = (api: Pick<Api, 'hosts'>): ((vm: VmView) => VmView) => {
  let heard: ReadonlySet<HostId> | undefined;
  return (vm) => {
    if (vm.host === null || vm.health === 'unknown') return vm;
    heard ??= new Set(api.hosts.live().map(({ host }) => host));
    return heard.has(vm.host) ? vm : { ...vm, health: 'unknown' };
  };
};
