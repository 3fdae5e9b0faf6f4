// A VM's current health: the log's value holds only while its host sends heartbeats.
import type { HostId, VmView } from '@ironlog/schemas';
import type { Hosts } from '../../placement/hosts.ts';

/** The health of a silent host's VMs is unknown. */
export const healthAmong =
  (live: ReadonlySet<HostId>) =>
  (vm: VmView): VmView =>
    vm.host === null || vm.health === 'unknown' || live.has(vm.host) ? vm : { ...vm, health: 'unknown' };

export const liveHosts = ({ hosts }: { readonly hosts: Pick<Hosts, 'live'> }): readonly HostId[] =>
  hosts.live().map(({ host }) => host);

export const withLiveHealth = (from: Parameters<typeof liveHosts>[0], vm: VmView): VmView =>
  healthAmong(new Set(liveHosts(from)))(vm);
