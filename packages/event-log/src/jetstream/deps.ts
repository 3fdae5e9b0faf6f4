// What every part of the JetStream adapter works with.
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Observe } from '../observation.ts';

export interface JetStreamDeps {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly observe: Observe;
  /** How long one publish or read may take before its fate counts as unknown. */
  readonly requestTimeoutMs: number;
}
