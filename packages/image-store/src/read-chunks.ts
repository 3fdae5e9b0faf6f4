// Reads a file chunk by chunk on demand; the object store's own reader would buffer the whole file.
import { IMAGES_BUCKET, IMAGES_STREAM } from '@ironlog/schemas';
import { AckPolicy, DeliverPolicy, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import type { ObjectInfo } from '@nats-io/obj';
import { nanos, nuid } from '@nats-io/transport-node';

/** Prefetched: 3 MiB. */
const CHUNKS_AHEAD = 64;
/** The read fails after this time without a chunk: the consumer or the chunks were removed. */
const IDLE_MS = 10_000;
/** The server removes a consumer that is not pulled from for this time. */
const FORGOTTEN_AFTER_MS = 60_000;

export interface Reading {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly info: Pick<ObjectInfo, 'nuid' | 'size'>;
  readonly signal: AbortSignal;
}

/** Throws the signal's reason when aborted before the last chunk. */
export const readChunks = async function* ({ client, manager, info, signal }: Reading): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  if (info.size === 0) return;
  // A named consumer has its own API subject, for which permissions exclude durables.
  const name = `image-${nuid.next()}`;
  await manager.consumers.add(IMAGES_STREAM, {
    name,
    filter_subject: `$O.${IMAGES_BUCKET}.C.${info.nuid}`,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
    mem_storage: true,
    num_replicas: 1,
  });
  const consumer = await client.consumers.get(IMAGES_STREAM, name);
  const messages = await consumer.consume({ max_messages: CHUNKS_AHEAD });
  const stop = (): void => messages.stop();
  signal.addEventListener('abort', stop, { once: true });
  let idle = setTimeout(stop, IDLE_MS);
  try {
    let left = info.size;
    for await (const message of messages) {
      signal.throwIfAborted();
      left -= message.data.length;
      clearTimeout(idle);
      yield message.data;
      if (left <= 0) return;
      idle = setTimeout(stop, IDLE_MS);
    }
    signal.throwIfAborted();
    throw new Error(`no more of the file comes from the object store: ${left} bytes are missing`);
  } finally {
    clearTimeout(idle);
    signal.removeEventListener('abort', stop);
    messages.stop();
    // The server also removes it by itself.
    await manager.consumers.delete(IMAGES_STREAM, name).catch(() => undefined);
  }
};
