// The shared dependencies of the JetStream adapter.
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Observe } from '../observation.ts';

export interface JetStreamDeps {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly observe: Observe;
  /** Timeout of one publish or read, in milliseconds, after which its result counts as unknown. */
  readonly requestTimeoutMs: number;
}
