// The heartbeat: what this host offers and has given out, in the HOSTS bucket every few seconds and when room is given back.
import { type Heartbeat, HOSTS_BUCKET } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { debounce } from '../vms/debounce.ts';

const EVERY_MS = 3000;
/** A fleet that is taken down must not cost a beat for each VM. */
const DEBOUNCE_MS = 100;

export interface HeartbeatTimer {
  /** Sends one at once: what has changed must not wait for the next. */
  readonly beat: () => Promise<void>;
  /**
   * Sends one soon: something was given back, for which creates may wait, or an image is being fetched. What is taken need
   * not be told: the gateway counts what it has placed itself, until a beat (api-gateway, placement/hosts.ts).
   */
  readonly soon: () => void;
  /** Sends the last beat. */
  readonly stop: () => Promise<void>;
}

export interface HeartbeatDeps {
  readonly connection: NatsConnection;
  readonly read: () => Heartbeat;
  readonly logger: Logger;
}

const put = async (bucket: KV, { read, logger }: HeartbeatDeps): Promise<void> => {
  const heartbeat = read();
  try {
    await bucket.put(heartbeat.host, JSON.stringify(heartbeat));
  } catch (err) {
    // The next beat tells the same; a host that cannot be heard is found by its silence.
    logger.warn({ err }, 'heartbeat not sent');
  }
};

/** Sends the first beat before it resolves. */
export const startHeartbeat = async (deps: HeartbeatDeps): Promise<HeartbeatTimer> => {
  const bucket = await new Kvm(deps.connection).open(HOSTS_BUCKET);
  await put(bucket, deps);
  const timer = setInterval(() => void put(bucket, deps), EVERY_MS);
  const early = debounce(() => void put(bucket, deps), DEBOUNCE_MS);
  return {
    beat: () => put(bucket, deps),
    soon: early.soon,
    stop: async () => {
      clearInterval(timer);
      early.stop();
      await put(bucket, deps);
    },
  };
};
