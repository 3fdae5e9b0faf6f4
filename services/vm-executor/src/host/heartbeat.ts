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
   * Tells soon, and not only at the next beat, that something was given back: creates may wait for it. What is taken need
   * not be told: the gateway counts what it has placed itself, until a beat (api-gateway, placement/hosts.ts).
   */
  readonly givenBack: () => void;
  /** Sends the last beat. */
  readonly stop: () => Promise<void>;
}

export interface HeartbeatDeps {
  readonly connection: NatsConnection;
  readonly read: () => Heartbeat;
  /** Before each regular beat: how far off this machine's clock is. */
  readonly measureClock: () => Promise<void>;
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

const measure = async ({ measureClock, logger }: HeartbeatDeps): Promise<void> => {
  try {
    await measureClock();
  } catch (err) {
    // The last reading holds, and the next beat takes another.
    logger.warn({ err }, "nats-server's time cannot be read");
  }
};

/** Sends the first beat before it resolves. */
export const startHeartbeat = async (deps: HeartbeatDeps): Promise<HeartbeatTimer> => {
  const bucket = await new Kvm(deps.connection).open(HOSTS_BUCKET);
  const measured = async (): Promise<void> => {
    await measure(deps);
    await put(bucket, deps);
  };
  await measured();
  const timer = setInterval(() => void measured(), EVERY_MS);
  const early = debounce(() => void put(bucket, deps), DEBOUNCE_MS);
  return {
    beat: () => put(bucket, deps),
    givenBack: early.soon,
    stop: async () => {
      clearInterval(timer);
      early.stop();
      await put(bucket, deps);
    },
  };
};
