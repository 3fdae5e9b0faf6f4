// The heartbeat: what this host offers and has given out, in the HOSTS bucket every few seconds.
import { type Heartbeat, HOSTS_BUCKET } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

const EVERY_MS = 3000;

export interface Pulse {
  /** Sends one at once: what has changed must not wait for the next. */
  readonly beat: () => Promise<void>;
  /** Sends the last beat. */
  readonly stop: () => Promise<void>;
}

export interface PulseDeps {
  readonly connection: NatsConnection;
  readonly read: () => Heartbeat;
  readonly logger: Logger;
}

const put = async (bucket: KV, { read, logger }: PulseDeps): Promise<void> => {
  const heartbeat = read();
  try {
    await bucket.put(heartbeat.host, JSON.stringify(heartbeat));
  } catch (err) {
    // The next beat tells the same; a host that cannot be heard is found by its silence.
    logger.warn({ err }, 'heartbeat not sent');
  }
};

/** Sends the first beat before it resolves. */
export const startHeartbeat = async (deps: PulseDeps): Promise<Pulse> => {
  const bucket = await new Kvm(deps.connection).open(HOSTS_BUCKET);
  await put(bucket, deps);
  const timer = setInterval(() => void put(bucket, deps), EVERY_MS);
  return {
    beat: () => put(bucket, deps),
    stop: async () => {
      clearInterval(timer);
      await put(bucket, deps);
    },
  };
};
