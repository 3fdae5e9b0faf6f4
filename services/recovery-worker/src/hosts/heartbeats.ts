// Hosts' heartbeats as the HOSTS bucket holds them: asked for, not followed, so that a lost subscription cannot pass for silence.
import { HOSTS_BUCKET, type HostId, heartbeatSchema } from '@ironlog/schemas';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

export interface Heartbeat {
  /** Differs from one beat to the next. */
  readonly revision: number;
  /** Stream time, as the host knows it. */
  readonly at: string;
}

export interface Heartbeats {
  /** The last beat, if the bucket still holds one. Rejects when the bucket cannot be read: that says nothing of a host. */
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

/** P9: a host speaks only for itself; what is no heartbeat of its own is as good as none. */
const beatOf = (host: HostId, entry: KvEntry): Heartbeat | undefined => {
  const parsed = heartbeatSchema.safeParse(parse(entry));
  return parsed.data?.host === host ? { revision: entry.revision, at: parsed.data.at } : undefined;
};

const parse = (entry: KvEntry): unknown => {
  try {
    return entry.json();
  } catch {
    // Not JSON, which the schema then refuses: the host counts as silent, and that is reported.
    return undefined;
  }
};
