// Makes the streams, the bucket and the consumers what they should be; again is harmless. Only the provisioner may.
import {
  type ConsumerDefinition,
  executorConsumer,
  gatewayConsumers,
  recoveryConsumer,
  streamConfigs,
} from '@ironlog/event-log';
import { HOSTS_BUCKET, type HostId } from '@ironlog/schemas';
import { JetStreamApiError, type JetStreamManager, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { inboxPrefix } from './accounts.ts';

const STREAM_NOT_FOUND = 10059;
/** A host that has been silent this long is no longer in the bucket. */
const HEARTBEAT_TTL_MS = 15_000;

export interface ProvisionOptions {
  readonly url: string;
  readonly password: string;
  readonly hosts: readonly HostId[];
  /** 1 on a single server, 3 on a cluster. */
  readonly replicas?: 1 | 3;
}

const ensureStreams = async (manager: JetStreamManager, replicas: 1 | 3): Promise<void> => {
  for (const config of streamConfigs({ replicas })) {
    try {
      await manager.streams.update(config.name, config);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) throw error;
      await manager.streams.add(config);
    }
  }
};

const ensureConsumer = async (manager: JetStreamManager, { stream, config }: ConsumerDefinition): Promise<void> => {
  // Adding a durable that exists with the same configuration changes nothing: its position stays.
  await manager.consumers.add(stream, config);
};

/** @throws what the server answers when a stream or consumer exists and cannot become what it should be. */
export const provision = async ({ url, password, hosts, replicas = 1 }: ProvisionOptions): Promise<void> => {
  const connection = await connect({
    servers: url,
    user: 'provisioner',
    pass: password,
    inboxPrefix: inboxPrefix('provisioner'),
    name: 'provisioner',
    timeout: 5000,
  });
  try {
    const manager = await jetstreamManager(connection);
    await ensureStreams(manager, replicas);
    await new Kvm(jetstream(connection)).create(HOSTS_BUCKET, {
      ttl: HEARTBEAT_TTL_MS,
      storage: StorageType.Memory,
      replicas,
    });
    const consumers = [
      gatewayConsumers.door,
      gatewayConsumers.placement,
      recoveryConsumer,
      ...hosts.map(executorConsumer),
    ];
    for (const consumer of consumers) await ensureConsumer(manager, consumer);
  } finally {
    await connection.close();
  }
};
