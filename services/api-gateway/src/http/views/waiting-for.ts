// What an operation waits for: a host that fits its VM's create, the silent host that it was sent to, or the image that its
// host is fetching.
import { type OperationState, place } from '@ironlog/domain';
import { filesOf, type HostId, type TenantId, type VmId, type VmSpec } from '@ironlog/schemas';
import { whyWaiting } from '../../placement/routing.ts';
import type { Api } from '../api.ts';

/** For a create, the gateway that holds its message knows its spec; other gateways read it from the read model. */
export interface WaitingReads {
  readonly reads: Pick<Api['reads'], 'waitingSpec' | 'aggregate'>;
}

/** `undefined`: no known reason. */
export type WaitingFor = (operation: OperationState) => string | undefined;

/** Computed on demand from the current hosts, which are read once for a whole list. */
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
  const reasons = new Map<string, string | undefined>();
  const whyNoHost = (spec: VmSpec): string | undefined => {
    // Waiting creates are often equal in everything that placement depends on.
    const { name: _, labels: __, ...wanted } = spec;
    const key = JSON.stringify(wanted);
    if (!reasons.has(key)) {
      const placed = place(hosts(), spec, spec.image && api.images.find(spec.image));
      reasons.set(key, placed.kind === 'no-host' ? whyWaiting(placed.reasons) : undefined);
    }
    return reasons.get(key);
  };
  const silent = (host: HostId): string | undefined =>
    hosts().some((heartbeat) => heartbeat.host === host) ? undefined : `${host} is silent`;

  /** The create of the VM waits for an image that its host is fetching. */
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
