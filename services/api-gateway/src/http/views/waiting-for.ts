// What an operation waits for: a host that fits its VM's create, the silent host that it was sent to, or the image that its
// host is fetching.
import { type OperationState, place } from '@ironlog/domain';
import type { VmSpec } from '@ironlog/schemas';
import { whyWaiting } from '../../placement/routing.ts';
import type { Api } from '../api.ts';
import { type WaitingCause, waitingCause } from './waiting-cause.ts';

/** For a create, the gateway that holds its message knows its spec; other gateways read it from the read model. */
export interface WaitingReads {
  readonly reads: Pick<Api['reads'], 'waitingSpec' | 'aggregate'>;
}

/** `undefined`: no known reason. */
export type WaitingFor = (operation: OperationState) => string | undefined;

/** Computed on demand from the current hosts, which are read once for a whole list. */
export const explainWaiting = (
  api: Pick<Api, 'hosts'> & { readonly images: Pick<Api['images'], 'find'> },
): ((cause: WaitingCause) => string | undefined) => {
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
  /** How far the host is with a file of the image. */
  const fetching = ({ host, digests }: Extract<WaitingCause, { kind: 'image' }>): string | undefined => {
    const heartbeat = hosts().find((one) => one.host === host);
    const fetch = heartbeat?.fetches?.find(({ digest }) => digests.includes(digest));
    return fetch && `${host} fetches image ${fetch.image}: ${fetch.bytes} of ${fetch.size} bytes of a file`;
  };
  return (cause) => {
    if (cause.kind === 'image') return fetching(cause);
    if (cause.kind === 'sent')
      return hosts().some(({ host }) => host === cause.host) ? undefined : `${cause.host} is silent`;
    const why = whyNoHost(cause.spec);
    return why !== undefined && cause.behind !== undefined ? `the create of VM ${cause.behind}: ${why}` : why;
  };
};

export const waitingFor = (
  api: Pick<Api, 'waiting' | 'vmLocation' | 'hosts'> & {
    readonly images: Pick<Api['images'], 'find'>;
  } & WaitingReads,
): WaitingFor => {
  const explain = explainWaiting(api);
  const lookups = {
    vmLocation: api.vmLocation.find,
    waitingSpec: (...create: Parameters<Api['waiting']['find']>) =>
      api.waiting.find(...create) ?? api.reads.waitingSpec(...create),
    aggregate: api.reads.aggregate,
  };
  return (operation) => {
    const cause = waitingCause(lookups, operation);
    return cause && explain(cause);
  };
};
