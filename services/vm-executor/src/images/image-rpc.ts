// Answers the gateway's image fetch requests: at once with the progress, while the fetch runs.
import { type HostId, type imageFetchReplySchema, imageFetchRequestSchema, SUBJECT_PREFIX } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { ImageCache } from './image-cache.ts';

type Reply = z.infer<typeof imageFetchReplySchema>;

/** The gateway waits for two seconds. */
const ANSWER_WITHIN_MS = 1_000;
/** Bounds a fetch outside any task. */
const FETCH_WITHIN_MS = 3_600_000;

export interface ImageRpcDeps {
  readonly connection: Pick<NatsConnection, 'subscribe'>;
  readonly host: HostId;
  readonly cache: Pick<ImageCache, 'ensure' | 'has' | 'fetches'>;
  readonly logger: Logger;
  readonly stop: AbortSignal;
}

const answer = async ({ cache, logger, stop }: ImageRpcDeps, body: unknown): Promise<Reply> => {
  const request = imageFetchRequestSchema.safeParse(body);
  if (!request.success) return { state: 'failed', reason: 'the request is none that this host knows' };
  const { image } = request.data;
  if (cache.has(image)) return { state: 'present' };
  const ended = cache.ensure(image, AbortSignal.any([stop, AbortSignal.timeout(FETCH_WITHIN_MS)]));
  void ended.then((outcome) => {
    if (!outcome.ok) logger.warn({ image: image.id, reason: outcome.reason, detail: outcome.detail }, 'not fetched');
  });
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ANSWER_WITHIN_MS);
  const outcome = await Promise.race([ended, late.promise]);
  clearTimeout(timer);
  if (outcome === undefined) return { state: 'fetching' };
  return outcome.ok ? { state: 'present' } : { state: 'failed', reason: outcome.reason };
};

export const serveImages = (deps: ImageRpcDeps): Subscription =>
  deps.connection.subscribe(`${SUBJECT_PREFIX}.rpc.${deps.host}.image`, {
    callback: (error, message) => {
      if (error) return;
      answer(deps, message.json()).then(
        (reply) => void message.respond(JSON.stringify(reply)),
        (err: unknown) => deps.logger.warn({ err }, 'a request to fetch an image was not answered'),
      );
    },
  });
