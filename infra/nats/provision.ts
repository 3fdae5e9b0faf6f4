// Brings the streams, the buckets and the consumers to their definitions; idempotent. Only the provisioner may.
import {
  type ConsumerDefinition,
  configDifferences,
  executorConsumer,
  gatewayConsumers,
  hostsBucketConfig,
  imagesBucketConfig,
  recoveryConsumer,
  streamConfigs,
} from '@ironlog/event-log';
import { HOSTS_BUCKET, type HostId } from '@ironlog/schemas';
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, millis } from '@nats-io/transport-node';
import { inboxPrefix } from './accounts.ts';

const STREAM_NOT_FOUND = 10059;

export interface ProvisionOptions {
  readonly url: string;
  readonly password: string;
  readonly hosts: readonly HostId[];
  /** 1 on a single server, 3 on a cluster. */
  readonly replicas?: 1 | 3;
}

type Definition = Partial<StreamConfig> & Pick<StreamConfig, 'name'>;

/** Undefined when there is no such stream. */
const configOf = async (manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> => {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
};

/** Updates an existing stream to its definition. Returns the changes, for people. */
const updateStream = async (
  manager: JetStreamManager,
  found: StreamConfig,
  wanted: Definition,
): Promise<readonly string[]> => {
  const differences = configDifferences(wanted, found);
  if (differences.length > 0) await manager.streams.update(wanted.name, wanted);
  return differences.map((difference) => `stream ${wanted.name} updated: it had ${difference}`);
};

const ensureStreams = async (manager: JetStreamManager, replicas: 1 | 3): Promise<readonly string[]> => {
  const changes: string[] = [];
  for (const wanted of [...streamConfigs({ replicas }), imagesBucketConfig({ replicas })]) {
    const found = await configOf(manager, wanted.name);
    if (found) changes.push(...(await updateStream(manager, found, wanted)));
    else await manager.streams.add(wanted);
  }
  return changes;
};

const ensureConsumer = async (manager: JetStreamManager, { stream, config }: ConsumerDefinition): Promise<void> => {
  // Adding a durable that exists with the same configuration changes nothing: its position stays.
  await manager.consumers.add(stream, config);
};

/**
 * Returns one sentence per changed setting of an existing stream.
 * @throws the server's error when a stream or consumer exists and cannot be updated.
 */
export const provision = async ({
  url,
  password,
  hosts,
  replicas = 1,
}: ProvisionOptions): Promise<readonly string[]> => {
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
    const changes = [...(await ensureStreams(manager, replicas))];
    const bucket = hostsBucketConfig({ replicas });
    const found = await configOf(manager, bucket.name);
    if (found) changes.push(...(await updateStream(manager, found, bucket)));
    else
      await new Kvm(jetstream(connection)).create(HOSTS_BUCKET, {
        ttl: millis(bucket.max_age),
        storage: bucket.storage,
        replicas,
      });
    const consumers = [
      gatewayConsumers.ingress,
      gatewayConsumers.placement,
      recoveryConsumer,
      ...hosts.map(executorConsumer),
    ];
    for (const consumer of consumers) await ensureConsumer(manager, consumer);
    return changes;
  } finally {
    await connection.close();
  }
};
