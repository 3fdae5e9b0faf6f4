// The heartbeat: what this host offers and has given out, in the HOSTS bucket every few seconds and when it changes.
import { type Heartbeat, HOSTS_BUCKET } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

const EVERY_MS = 3000;
/** Changes are gathered for this long before they are told. */
const GATHER_MS = 50;

export interface Pulse {
  /** Tells of a change soon, and not only at the next beat. */
  readonly changed: () => void;
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
  let soon: NodeJS.Timeout | undefined;
  return {
    changed: () => {
      soon ??= setTimeout(() => {
        soon = undefined;
        void put(bucket, deps);
      }, GATHER_MS);
    },
    stop: async () => {
      clearInterval(timer);
      clearTimeout(soon);
      await put(bucket, deps);
    },
  };
};
