// The heartbeat: this host's capacity and its use, written to the bucket HOSTS every few seconds and when capacity is
// released.
import { type Heartbeat, HOSTS_BUCKET } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { debounce } from '../vms/debounce.ts';

const EVERY_MS = 3000;
/** Deleting a whole fleet must not cost a heartbeat per VM. */
const DEBOUNCE_MS = 100;

export interface HeartbeatTimer {
  /** Sends a heartbeat at once, for a change that must not wait for the next one. */
  readonly beat: () => Promise<void>;
  /**
   * Sends a heartbeat soon: capacity was released, for which creates may wait, or the progress of an image's fetch has
   * changed. Reserved capacity needs none: the gateway counts its own placements until the next heartbeat (api-gateway,
   * placement/hosts.ts).
   */
  readonly soon: () => void;
  /** Sends the last heartbeat. */
  readonly stop: () => Promise<void>;
}

export interface HeartbeatDeps {
  readonly connection: NatsConnection;
  readonly read: () => Heartbeat;
  /** Measures the offset of this machine's clock, before each regular heartbeat. */
  readonly measureClock: () => Promise<void>;
  readonly logger: Logger;
}

const put = async (bucket: KV, { read, logger }: HeartbeatDeps): Promise<void> => {
  const heartbeat = read();
  try {
    await bucket.put(heartbeat.host, JSON.stringify(heartbeat));
  } catch (err) {
    // The next heartbeat carries the same data. A host without heartbeats is detected by their absence.
    logger.warn({ err }, 'heartbeat not sent');
  }
};

const measure = async ({ measureClock, logger }: HeartbeatDeps): Promise<void> => {
  try {
    await measureClock();
  } catch (err) {
    // The last reading stays in use until the next heartbeat.
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
    soon: early.soon,
    stop: async () => {
      clearInterval(timer);
      early.stop();
      await put(bucket, deps);
    },
  };
};
