// Compares the streams of nats-server with their definition: the provisioner updates them, a service reports differences.
import { JetStreamApiError, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { hostsBucketConfig, imagesBucketConfig, streamConfigs } from './streams.ts';

const STREAM_NOT_FOUND = 10059;
const REQUEST_TIMEOUT_MS = 2_000;

type Definition = Partial<StreamConfig> & Pick<StreamConfig, 'name'>;

/** Settings that nats-server omits from a reported configuration. */
const OMITTED: Readonly<Record<string, unknown>> = { compression: 'none', allow_direct: false, num_replicas: 1 };

/** One phrase per differing setting: `compression is s2, should be none`. */
export const configDifferences = (wanted: Definition, found: Partial<StreamConfig>): readonly string[] => {
  const fields = new Map<string, unknown>(Object.entries(found));
  return Object.entries(wanted).flatMap(([field, value]) => {
    const is = fields.get(field) ?? OMITTED[field];
    if (JSON.stringify(is) === JSON.stringify(value)) return [];
    return [`${field} is ${JSON.stringify(is) ?? 'not set'}, should be ${JSON.stringify(value)}`];
  });
};

/** 3 when the server is part of a cluster. */
const replicasOf = (connection: NatsConnection): 1 | 3 => (connection.info?.cluster === undefined ? 1 : 3);

/**
 * Returns a function that reads the named streams' configuration and returns one sentence per difference.
 * @throws when JetStream does not answer: the configuration is then unknown.
 */
export const createStreamCheck = async (
  connection: NatsConnection,
  names: readonly string[],
): Promise<() => Promise<readonly string[]>> => {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_TIMEOUT_MS });
  const inspect = async (wanted: Definition): Promise<readonly string[]> => {
    try {
      const { config } = await manager.streams.info(wanted.name);
      return configDifferences(wanted, config).map(
        (difference) => `stream ${wanted.name}: ${difference}; provision the streams again`,
      );
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND)
        return [`stream ${wanted.name} does not exist; provision the streams`];
      throw error;
    }
  };
  return async () => {
    const replicas = replicasOf(connection);
    const definitions: readonly Definition[] = [
      ...streamConfigs({ replicas }),
      hostsBucketConfig({ replicas }),
      imagesBucketConfig({ replicas }),
    ];
    const checked = definitions.filter(({ name }) => names.includes(name));
    return (await Promise.all(checked.map(inspect))).flat();
  };
};
