// Hosts' heartbeats in the bucket HOSTS: read, not subscribed to, so that a lost subscription does not look like a silent host.
import { HOSTS_BUCKET, type HostId, heartbeatSchema } from '@ironlog/schemas';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

export interface Heartbeat {
  /** Differs between two heartbeats. */
  readonly revision: number;
  /** Stream time, as the host knows it. */
  readonly at: string;
}

export interface Heartbeats {
  /**
   * The last heartbeat, if the bucket still has one. Rejects when the bucket cannot be read, which proves nothing about a
   * host.
   */
  last(host: HostId): Promise<Heartbeat | undefined>;
}

export const openHeartbeats = (connection: NatsConnection): Heartbeats => {
  let opened: Promise<KV> | undefined;
  const bucket = (): Promise<KV> => {
    opened ??= new Kvm(connection).open(HOSTS_BUCKET, { bindOnly: true });
    return opened;
  };
  return {
    last: async (host) => {
      const entry = await (await bucket()).get(host);
      return entry?.operation === 'PUT' ? beatOf(host, entry) : undefined;
    },
  };
};

/** P9: a host writes only its own heartbeat; any other entry counts as none. */
const beatOf = (host: HostId, entry: KvEntry): Heartbeat | undefined => {
  const parsed = heartbeatSchema.safeParse(parse(entry));
  return parsed.data?.host === host ? { revision: entry.revision, at: parsed.data.at } : undefined;
};

const parse = (entry: KvEntry): unknown => {
  try {
    return entry.json();
  } catch {
    // Not JSON: the schema refuses it. The host counts as silent, and that is reported.
    return undefined;
  }
};
