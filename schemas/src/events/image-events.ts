// What happens to images: one was added, with the digests of its files, or removed. Asked for by an admin, said by the gateway.
import type { z } from 'zod';
import type { imageIdSchema } from '../ids/ids.ts';
import { imageManifestSchema } from '../images/image-manifest.ts';
import type { eventEnvelopeSchema } from './envelope.ts';

export const imageEventData = { added: imageManifestSchema, removed: imageManifestSchema } as const;
export type ImageEventName = keyof typeof imageEventData;
export const IMAGE_EVENT_NAMES = Object.keys(imageEventData) as ImageEventName[];
export type ImageFact = {
  [N in ImageEventName]: { name: N; data: z.infer<(typeof imageEventData)[N]> };
}[ImageEventName];

export const imageEventType = (name: ImageEventName): string => `ironlog.image.${name}.v1`;

export type ImageEvent = Omit<z.infer<typeof eventEnvelopeSchema>, 'subject'> & {
  subject: z.infer<typeof imageIdSchema>;
} & ImageFact;
