// What an operation waits for: a host that fits its VM's create, to be heard by the host that it is on its way to, or for the
// image that its host is fetching.
import { type OperationState, place } from '@ironlog/domain';
import { filesOf, type HostId, type TenantId, type VmId, type VmSpec } from '@ironlog/schemas';
import { whyWaiting } from '../../placement/routing.ts';
import type { Api } from '../api.ts';

/** A create waits in the gateway that holds its message; every other one knows it from the read model. */
export interface WaitingReads {
  readonly reads: Pick<Api['reads'], 'waitingSpec' | 'aggregate'>;
}

/** `undefined`: for nothing that is known here; its turn comes. */
export type WaitingFor = (operation: OperationState) => string | undefined;

/** Computed when asked, of the hosts as they are now; they are looked at once for a whole list. */
export const waitingFor = (
  api: Pick<Api, 'waiting' | 'vmLocation' | 'hosts'> & {
    readonly images: Pick<Api['images'], 'find'>;
  } & WaitingReads,
): WaitingFor => {
  let live: ReturnType<Api['hosts']['live']> | undefined;
  const hosts = () => {
    live ??= api.hosts.live();
    return live;
  };
  const told = new Map<string, string | undefined>();
  const whyNoHost = (spec: VmSpec): string | undefined => {
    // Those that wait are often alike in all that a host is chosen by.
    const { name: _, labels: __, ...wanted } = spec;
    const key = JSON.stringify(wanted);
    if (!told.has(key)) {
      const placed = place(hosts(), spec, spec.image && api.images.find(spec.image));
      told.set(key, placed.kind === 'no-host' ? whyWaiting(placed.reasons) : undefined);
    }
    return told.get(key);
  };
  const silent = (host: HostId): string | undefined =>
    hosts().some((heartbeat) => heartbeat.host === host) ? undefined : `${host} is silent`;

  /** The host's VM is being made of an image that the host is fetching. */
  const fetching = (tenant: TenantId, vmId: VmId): string | undefined => {
    const where = api.vmLocation.find(tenant, vmId);
    const heartbeat = where?.kind === 'owned' ? hosts().find(({ host }) => host === where.host) : undefined;
    if (!heartbeat?.fetches) return undefined;
    const image = api.reads.aggregate(tenant, vmId)?.image;
    const digests = new Set(image && filesOf(image).map(({ digest }) => digest));
    const [fetch] = heartbeat.fetches.filter(({ digest }) => digests.has(digest));
    return fetch && `${heartbeat.host} fetches image ${fetch.image}: ${fetch.bytes} of ${fetch.size} bytes of a file`;
  };

  return ({ status, tenant, id, verb, vmId }) => {
    if (status === 'running' && vmId !== null) return fetching(tenant, vmId);
    if (status !== 'pending' || vmId === null) return undefined;
    const where = api.vmLocation.find(tenant, vmId);
    if (where?.kind === 'owned') return silent(where.host);
    const createId = verb === 'create' ? id : where?.kind === 'pending' ? where.createId : undefined;
    const spec = createId && (api.waiting.find(tenant, createId) ?? api.reads.waitingSpec(tenant, createId));
    if (!spec) return where?.kind === 'pending' && where.target !== 'any' ? silent(where.target) : undefined;
    const why = whyNoHost(spec);
    return why !== undefined && verb !== 'create' ? `the create of VM ${vmId}: ${why}` : why;
  };
};
