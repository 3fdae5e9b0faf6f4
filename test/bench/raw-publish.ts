// The baseline: a durable publish to a separate stream on the same nats-server, with the least client work.
import { randomUUID } from 'node:crypto';
import { inboxPrefix } from '@ironlog/infra';
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { TestPlane } from '../harness/plane.ts';

const USER = 'provisioner';
/** The provisioner may publish on it. */
const SUBJECT = '$KV.BENCH.entry';
/** As large as an accepted command. */
const PAYLOAD = new Uint8Array(700).fill(120);

export interface RawPublish {
  publish(): Promise<void>;
  close(): Promise<void>;
}

/** Same server, same disk, same `sync_interval`; each message has an id, as ours have. */
export const openRawPublish = async ({ plane }: TestPlane): Promise<RawPublish> => {
  const pass = plane.nats.credentials.passwordOf(USER);
  const connection = await connect({ servers: plane.nats.url, user: USER, pass, inboxPrefix: inboxPrefix(USER) });
  await (await jetstreamManager(connection)).streams.add({
    name: 'BENCH',
    subjects: [SUBJECT],
    storage: StorageType.File,
    max_msgs: 10_000,
  });
  const client = jetstream(connection);
  return {
    publish: async () => {
      await client.publish(SUBJECT, PAYLOAD, { msgID: randomUUID() });
    },
    close: () => connection.close(),
  };
};
