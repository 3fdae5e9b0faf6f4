// Reads images from the log, and appends their events, expecting the sequence that was read.
import { foldImage, imageEvent } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import {
  filesOf,
  IMAGES_FILTER,
  type ImageFact,
  type ImageId,
  type ImageManifest,
  imageEventSubject,
  imageFilter,
  newEventId,
  type Timestamp,
} from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';

export interface Asker {
  readonly actor: string;
  readonly traceparent: string | undefined;
}

/** A recorded image, and the event that added it. */
export interface ImageRecord {
  readonly image: ImageManifest;
  readonly sequence: number;
  readonly at: Timestamp;
}

/** `keep`: nothing is appended. */
export type Decided<Kept> =
  | { readonly kind: 'append'; readonly fact: ImageFact }
  | { readonly kind: 'keep'; readonly answer: Kept };

export type Appended<Kept> =
  | { readonly kind: 'appended'; readonly sequence: number; readonly time: Timestamp }
  | { readonly kind: 'kept'; readonly answer: Kept }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface ImageLog {
  /** `decide` gets the recorded image; after a conflict it is called again. */
  append<Kept>(
    id: ImageId,
    asker: Asker,
    decide: (image: ImageRecord | undefined) => Decided<Kept>,
    signal: AbortSignal,
  ): Promise<Appended<Kept>>;
  /** The digests of all files of all recorded images. */
  named(): Promise<ReadonlySet<string>>;
}

export interface ImageLogDeps {
  readonly log: Pick<EventLog, 'append' | 'readSince'>;
  readonly clock: Clock;
}

interface Known {
  readonly record: ImageRecord | undefined;
  /** The last sequence in the image's filter. */
  readonly sequence: number;
}

const foldAll = (before: Known, entries: readonly Recorded[]): Known =>
  entries.reduce<Known>(({ record }, { read, sequence }) => {
    if (!read.ok || read.stored.kind !== 'image') return { record, sequence };
    const { event } = read.stored;
    const image = foldImage(event);
    return { record: image && { image, sequence, at: event.time }, sequence };
  }, before);

export const createImageLog = ({ log, clock }: ImageLogDeps): ImageLog => ({
  append: async (id, asker, decide, signal) => {
    const filter = imageFilter(id);
    let known = foldAll({ record: undefined, sequence: 0 }, await log.readSince(filter, 0));
    for (;;) {
      const decided = decide(known.record);
      if (decided.kind === 'keep') return { kind: 'kept', answer: decided.answer };
      const time = clock.now().toISOString();
      const event = imageEvent(decided.fact, { id: newEventId(), time, ...asker });
      const result = await log.append({
        subject: imageEventSubject(id),
        event,
        filter,
        expected: known.sequence,
        signal,
      });
      if (result.kind === 'committed') return { kind: 'appended', sequence: result.sequence, time };
      if (result.kind === 'unknown') return result;
      known = foldAll(known, result.entries);
    }
  },
  named: async () => {
    const images = new Map<ImageId, ImageManifest | undefined>();
    for (const { read } of await log.readSince(IMAGES_FILTER, 0))
      if (read.ok && read.stored.kind === 'image') images.set(read.stored.event.subject, foldImage(read.stored.event));
    return new Set([...images.values()].flatMap((image) => (image ? filesOf(image).map(({ digest }) => digest) : [])));
  },
});
