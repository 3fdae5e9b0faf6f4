// What a pending operation waits for: a host that fits its VM's create, or the silent host that it was sent to.
import { type OperationState, place } from '@ironlog/domain';
import type { VmSpec } from '@ironlog/schemas';
import { whyWaiting } from '../../placement/routing.ts';
import type { Api } from '../api.ts';
import { type WaitingCause, waitingCause } from './waiting-cause.ts';

/** For a create, the gateway that holds its message knows its spec; other gateways read it from the read model. */
export interface WaitingReads {
  readonly reads: Pick<Api['reads'], 'waitingSpec'>;
}

/** `undefined`: no known reason. */
export type WaitingFor = (operation: OperationState) => string | undefined;

/** Computed on demand from the current hosts, which are read once for a whole list. */
export const explainWaiting = (api: Pick<Api, 'hosts'>): ((cause: WaitingCause) => string | undefined) => {
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
      const placed = place(hosts(), spec);
      reasons.set(key, placed.kind === 'no-host' ? whyWaiting(placed.reasons) : undefined);
    }
    return reasons.get(key);
  };
  return (cause) => {
    if (cause.kind === 'sent')
      return hosts().some(({ host }) => host === cause.host) ? undefined : `${cause.host} is silent`;
    const why = whyNoHost(cause.spec);
    return why !== undefined && cause.behind !== undefined ? `the create of VM ${cause.behind}: ${why}` : why;
  };
};

export const waitingFor = (api: Pick<Api, 'waiting' | 'vmLocation' | 'hosts'> & WaitingReads): WaitingFor => {
  const explain = explainWaiting(api);
  const lookups = {
    vmLocation: api.vmLocation.find,
    waitingSpec: (...create: Parameters<Api['waiting']['find']>) =>
      api.waiting.find(...create) ?? api.reads.waitingSpec(...create),
  };
  return (operation) => {
    const cause = waitingCause(lookups, operation);
    return cause && explain(cause);
  };
};
