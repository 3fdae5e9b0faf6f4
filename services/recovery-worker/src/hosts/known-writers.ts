// All writers to EVENTS, from the stream's list of subjects: the hosts, and the VMs of one host.
import { type HostId, parseEventSubject, STREAMS, SUBJECT_PREFIX } from '@ironlog/schemas';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { VmRef } from '../vms/vm-loader.ts';

export interface KnownWriters {
  /** Hosts that have ever started an executor. */
  hosts(): Promise<readonly HostId[]>;
  /** VMs that the host has ever written to. */
  vmsOf(host: HostId): Promise<readonly VmRef[]>;
}

const TIMEOUT_MS = 5_000;

/** Makes no request yet: the stream may appear later. */
export const openKnownWriters = async (connection: NatsConnection): Promise<KnownWriters> => {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
  const addresses = async (filter: string) => {
    const { state } = await manager.streams.info(STREAMS.events, { subjects_filter: filter });
    return Object.keys(state.subjects ?? {}).map(parseEventSubject);
  };
  return {
    hosts: async () => {
      const found = await addresses(`${SUBJECT_PREFIX}.evt.host.>`);
      // Recovery also appends to host subjects: only a host's own events identify it.
      return [...new Set(found.flatMap((at) => (at?.kind === 'host' && at.writer === at.host ? [at.host] : [])))];
    },
    vmsOf: async (host) => {
      const found = await addresses(`${SUBJECT_PREFIX}.evt.vm.*.*.${host}.*`);
      const vms = found.flatMap((at) => (at?.kind === 'vm' ? [{ tenant: at.tenant, vmId: at.vmId }] : []));
      return [...new Map(vms.map((ref) => [`${ref.tenant}/${ref.vmId}`, ref])).values()];
    },
  };
};
