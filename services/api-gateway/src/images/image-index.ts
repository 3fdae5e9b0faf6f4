// Images by id: the newer of the gateway's memory, which the tail updates, and the read model.
import { foldImage } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import type { ImageId, ImageManifest } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { createBoundedMap } from '../tail/bounded-map.ts';

export interface KnownImage {
  readonly sequence: number;
  /** `undefined`: removed. */
  readonly image: ImageManifest | undefined;
}

export interface ImageIndex {
  find(id: ImageId): ImageManifest | undefined;
  /** For this gateway's own append: a following create must not depend on the tail's lag. */
  appended(id: ImageId, known: KnownImage): void;
  fold(entry: Recorded): void;
}

const LIMIT = 10_000;

export const createImageIndex = (reads: Pick<Reads, 'image'>): ImageIndex => {
  const known = createBoundedMap<KnownImage>(LIMIT);
  const appended = (id: ImageId, now: KnownImage): void => {
    const before = known.get(id);
    if (!before || before.sequence < now.sequence) known.set(id, now);
  };
  return {
    find: (id) => {
      const remembered = known.get(id);
      const read = reads.image(id);
      if (!remembered) return read?.image;
      return read && read.sequence > remembered.sequence ? read.image : remembered.image;
    },
    appended,
    fold: ({ read, sequence }) => {
      if (!read.ok || read.stored.kind !== 'image') return;
      const { event } = read.stored;
      appended(event.subject, { sequence, image: foldImage(event) });
    },
  };
};
