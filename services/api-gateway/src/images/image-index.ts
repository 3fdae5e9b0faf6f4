// Images as the freshest source tells them: this gateway's memory, kept current by the tail, else the read model.
import { foldImage } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import type { ImageId, ImageManifest } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { createBoundedMap } from '../tail/bounded-map.ts';

export interface ImageIndex {
  find(id: ImageId): ImageManifest | undefined;
  fold(entry: Recorded): void;
}

interface Known {
  readonly sequence: number;
  /** `undefined`: removed. */
  readonly image: ImageManifest | undefined;
}

const LIMIT = 10_000;

export const createImageIndex = (reads: Pick<Reads, 'image'>): ImageIndex => {
  const known = createBoundedMap<Known>(LIMIT);
  return {
    find: (id) => {
      const remembered = known.get(id);
      const read = reads.image(id);
      if (!remembered) return read?.image;
      return read && read.sequence > remembered.sequence ? read.image : remembered.image;
    },
    fold: ({ read, sequence }) => {
      if (!read.ok || read.stored.kind !== 'image') return;
      const { event } = read.stored;
      known.set(event.subject, { sequence, image: foldImage(event) });
    },
  };
};
