// Makes the event of a fact about an image, and folds events into the image.
import {
  type EventId,
  type ImageEvent,
  type ImageFact,
  type ImageManifest,
  imageEventType,
  sourceOf,
  type Timestamp,
} from '@ironlog/schemas';

export interface ImageEventMeta {
  readonly id: EventId;
  readonly time: Timestamp;
  /** Who asked. */
  readonly actor: string;
  readonly traceparent?: string | undefined;
}

export const imageEvent = (fact: ImageFact, { id, time, actor, traceparent }: ImageEventMeta): ImageEvent => ({
  specversion: '1.0',
  id,
  source: sourceOf('gateway'),
  type: imageEventType(fact.name),
  subject: fact.data.id,
  time,
  datacontenttype: 'application/json',
  actor,
  ...(traceparent && { traceparent }),
  ...fact,
});

/** The image after an event; `undefined`: there is none. */
export const foldImage = ({ name, data }: ImageEvent): ImageManifest | undefined =>
  name === 'added' ? data : undefined;
