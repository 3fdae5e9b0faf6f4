// Asks a host to fetch an image over NATS.
import { type HostId, type ImageManifest, imageFetchReplySchema } from '@ironlog/schemas';
import type { z } from 'zod';
import { type HostCallDeps, hostCall } from './host-call.ts';

const TIMEOUT_MS = 2_000;

export type ImageFetchAnswer = z.infer<typeof imageFetchReplySchema> | { readonly state: 'unreachable' };

export const imageCall = (deps: HostCallDeps) => {
  const ask = hostCall(deps, 'image', imageFetchReplySchema);
  return async (host: HostId, image: ImageManifest): Promise<ImageFetchAnswer> =>
    (await ask({ host, question: { image }, withinMs: TIMEOUT_MS })) ?? { state: 'unreachable' };
};
