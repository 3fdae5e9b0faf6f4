// The configuration of the three streams and the bucket: created by the provisioner, checked by every service, used by tests.

import { HOSTS_STREAM, IMAGES_BUCKET, IMAGES_STREAM, STREAMS, SUBJECT_PREFIX } from '@ironlog/schemas';
import { DiscardPolicy, RetentionPolicy, StorageType, StoreCompression, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

const DAY_MS = 24 * 3600 * 1000;
const KEPT_DAYS = 30;
const DUPLICATE_WINDOW_MS = 120_000;
/**
 * The server's minimum. Message ids are unique per stream, and on COMMANDS clients choose them: a longer window would
 * drop one tenant's command for another's id (P9). The ingress detects repeats by tenant and id.
 */
const CLIENTS_DUPLICATE_WINDOW_MS = 100;

/** A host silent for this long is no longer in the bucket. */
const HEARTBEAT_TTL_MS = 15_000;

export type StreamDefinition = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects'>;

/** `replicas`: 1 on a single server, 3 on a cluster. Durability comes from the server's `sync_interval: always`. */
export const streamConfigs = ({ replicas }: { readonly replicas: 1 | 3 }): readonly StreamDefinition[] => {
  const shared = {
    storage: StorageType.File,
    // S2 on a replicated stream of nats-server 2.15 loses the stream when servers are killed (docs/decisions/0010).
    compression: StoreCompression.None,
    retention: RetentionPolicy.Limits,
    // A full stream refuses new messages, which are then not acknowledged (P1); the other policy drops old ones.
    discard: DiscardPolicy.New,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    num_replicas: replicas,
    // Any replica answers a direct get, and may lack what the leader has acknowledged.
    allow_direct: false,
  };
  return [
    {
      ...shared,
      name: STREAMS.commands,
      subjects: [`${SUBJECT_PREFIX}.cmd.>`],
      max_age: nanos(KEPT_DAYS * DAY_MS),
      duplicate_window: nanos(CLIENTS_DUPLICATE_WINDOW_MS),
    },
    { ...shared, name: STREAMS.work, subjects: [`${SUBJECT_PREFIX}.work.>`], max_age: nanos(KEPT_DAYS * DAY_MS) },
    { ...shared, name: STREAMS.events, subjects: [`${SUBJECT_PREFIX}.evt.>`], deny_delete: true, deny_purge: true },
  ];
};

/** The stream of the bucket HOSTS, in memory: a heartbeat lost in a restart is sent again within seconds. */
export const hostsBucketConfig = ({ replicas }: { readonly replicas: 1 | 3 }) =>
  ({
    name: HOSTS_STREAM,
    storage: StorageType.Memory,
    compression: StoreCompression.None,
    max_age: nanos(HEARTBEAT_TTL_MS),
    num_replicas: replicas,
  }) satisfies Partial<StreamConfig>;

/** The stream behind the IMAGES bucket, in the object store's own layout: a message a chunk, and one for each file's name. */
export const imagesBucketConfig = ({ replicas }: { readonly replicas: 1 | 3 }) =>
  ({
    name: IMAGES_STREAM,
    subjects: [`$O.${IMAGES_BUCKET}.C.>`, `$O.${IMAGES_BUCKET}.M.>`],
    storage: StorageType.File,
    compression: StoreCompression.None,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    allow_rollup_hdrs: true,
    allow_direct: false,
  }) satisfies StreamDefinition;
