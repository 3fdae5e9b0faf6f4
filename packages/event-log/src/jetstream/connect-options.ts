// The options of the JetStream adapters.
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Observe } from '../observation.ts';
import type { JetStreamDeps } from './deps.ts';

const DEFAULT_REQUEST_TIMEOUT_MS = 2_000;

export interface ConnectOptions {
  /** Should reconnect without limit (`maxReconnectAttempts: -1`): retries end with the connection. */
  readonly connection: NatsConnection;
  readonly observe?: Observe;
  /** Timeout of one publish, read or ack before it is retried, in milliseconds; default 2000. */
  readonly requestTimeoutMs?: number;
}

const unobserved: Observe = () => undefined;

export const depsOf = async (options: ConnectOptions): Promise<JetStreamDeps> => {
  const requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  const client = jetstream(options.connection, { timeout: requestTimeoutMs });
  const manager = await client.jetstreamManager(false);
  return { connection: options.connection, client, manager, observe: options.observe ?? unobserved, requestTimeoutMs };
};
