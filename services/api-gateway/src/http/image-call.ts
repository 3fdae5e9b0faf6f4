// Asks a host to fetch an image over NATS: `ironlog.rpc.<host>.image`, answered within two seconds or not at all.
import { type HostId, type ImageManifest, imageFetchReplySchema, SUBJECT_PREFIX } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';

const TIMEOUT_MS = 2_000;

export type ImageFetchAnswer = z.infer<typeof imageFetchReplySchema> | { readonly state: 'unreachable' };

export interface ImageCallDeps {
  readonly connection: Pick<NatsConnection, 'request'>;
  readonly logger: Logger;
}

export const imageCall =
  ({ connection, logger }: ImageCallDeps) =>
  async (host: HostId, image: ImageManifest): Promise<ImageFetchAnswer> => {
    try {
      const message = await connection.request(`${SUBJECT_PREFIX}.rpc.${host}.image`, JSON.stringify({ image }), {
        timeout: TIMEOUT_MS,
      });
      return imageFetchReplySchema.parse(message.json());
    } catch (err) {
      // What NATS's client or the schema says is for operators.
      logger.warn({ err, hostId: host }, 'a host has not answered whether it fetches an image');
      return { state: 'unreachable' };
    }
  };
