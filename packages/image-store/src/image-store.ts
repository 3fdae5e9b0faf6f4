// The image store on JetStream, in the standard object store's layout for its tools.
import { IMAGES_BUCKET, IMAGES_STREAM } from '@ironlog/schemas';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import type { ImageStore, Upload } from './port.ts';
import { readChunks } from './read-chunks.ts';
import { sweep } from './sweep.ts';

/** Below nats-server's `max_payload` of 64 KiB, which includes the headers. */
const CHUNK_BYTES = 48 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

const DIGEST_PREFIX = 'SHA-256=';
/** Converts the store's base64url digest to hex. */
const digestOf = ({ digest }: Pick<ObjectInfo, 'digest'>): string =>
  `sha256-${Buffer.from(digest.slice(DIGEST_PREFIX.length), 'base64url').toString('hex')}`;

/** The object store's encoding of a name: Node's base64url has no padding. */
const paddedBase64Url = (name: string): string =>
  Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

const subjectsOf = ({ name, nuid: id }: Pick<ObjectInfo, 'name' | 'nuid'>): readonly string[] => [
  // The name first: chunks without a name are swept.
  `$O.${IMAGES_BUCKET}.M.${paddedBase64Url(name)}`,
  `$O.${IMAGES_BUCKET}.C.${id}`,
];

/** Sends no request: the bucket may be created later. */
export const openImageStore = async (connection: NatsConnection): Promise<ImageStore> => {
  const client = jetstream(connection, { timeout: REQUEST_TIMEOUT_MS });
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_TIMEOUT_MS });
  const objects: ObjectStore = await new Objm(client).open(IMAGES_BUCKET, false);
  const find = async (name: string): Promise<ObjectInfo | undefined> => {
    const info = await objects.info(name);
    return info && !info.deleted ? info : undefined;
  };
  const remove = async (info: Pick<ObjectInfo, 'name' | 'nuid'>): Promise<void> => {
    for (const filter of subjectsOf(info)) await manager.streams.purge(IMAGES_STREAM, { filter });
  };
  const uploadOf = (info: ObjectInfo): Upload => {
    const digest = digestOf(info);
    let isOurs = true;
    return {
      digest,
      size: info.size,
      keep: async () => {
        if (await find(digest)) await remove(info);
        else await objects.update(info.name, { name: digest });
        isOurs = false;
      },
      discard: async () => {
        if (!isOurs) return;
        // A rename may have happened although its answer was lost: no name may be without bytes.
        const named = await find(digest);
        if (named?.nuid === info.nuid) await remove(named);
        await remove(info);
        isOurs = false;
      },
    };
  };
  return {
    put: async (bytes) => {
      const name = `upload-${nuid.next()}`;
      const options = { max_chunk_size: CHUNK_BYTES };
      return uploadOf(await objects.put({ name, options }, ReadableStream.from(bytes)));
    },
    has: async (digest) => (await find(digest)) !== undefined,
    read: async (digest, signal) => {
      const info = await find(digest);
      if (!info) return undefined;
      return { size: info.size, bytes: readChunks({ client, manager, info, signal }) };
    },
    drop: async (digest) => {
      const info = await find(digest);
      if (info) await remove(info);
    },
    sweep: (named, olderThan) => sweep({ manager, objects, remove }, named, olderThan),
  };
};
