// Adds and removes images: the log decides, and the store keeps files as long as an image names them.
import { isDeepStrictEqual } from 'node:util';
import type { ImageStore } from '@ironlog/image-store';
import { filesOf, type ImageId, type ImageManifest, type TenantId, type Timestamp } from '@ironlog/schemas';
import type { Clock, Logger } from '@ironlog/service-kit';
import { ProblemError } from '../http/problem.ts';
import type { Hosts } from '../placement/hosts.ts';
import type { AskedBy, Queries } from '../read-workers/queries.ts';
import type { Reads } from '../reads/port.ts';
import type { ImageIndex } from './image-index.ts';
import type { Asker, ImageLog, ImageRecord } from './image-log.ts';
import { createMutex } from './mutex.ts';
import { imageInUse, imageNotFound, imageUnstored } from './problems.ts';
import type { BodyLimits } from './receive/bounded-body.ts';
import { type Received, receiveImage } from './receive/receive-image.ts';

export interface Added {
  readonly image: ImageManifest;
  /** False: it existed already, equal. */
  readonly isNew: boolean;
  readonly sequence: number;
  readonly addedAt: Timestamp;
}

export interface Remover extends Asker {
  /** A refusal names only this tenant's VMs. */
  readonly tenant: TenantId;
  readonly by: Omit<AskedBy, 'atLeast'>;
}

export interface Images {
  find: ImageIndex['find'];
  /** @throws ProblemError */
  add(body: AsyncIterable<Uint8Array>, asker: Asker): Promise<Added>;
  /** Returns the event's sequence. @throws ProblemError */
  remove(id: ImageId, asker: Remover): Promise<number>;
  /** Removes an interrupted gateway's leftovers. */
  sweep(): Promise<void>;
}

export interface ImagesDeps {
  readonly store: ImageStore;
  readonly index: Pick<ImageIndex, 'find' | 'appended'>;
  readonly log: ImageLog;
  readonly hosts: Pick<Hosts, 'live'>;
  readonly reads: Pick<Reads, 'positions'>;
  readonly queries: Pick<Queries, 'imageUser'>;
  /** Whether the read model has applied all recorded events. */
  readonly caughtUp: () => Promise<boolean>;
  readonly limits: BodyLimits & { readonly uploadMs: number };
  readonly clock: Clock;
  readonly logger: Logger;
}

const APPEND_WITHIN_MS = 10_000;
/** Added to the maximum upload time: an older file belongs to no running upload. */
const SWEEP_MARGIN_MS = 60_000;

export const createImages = (deps: ImagesDeps): Images => {
  const { clock, store, log, limits, logger } = deps;
  // Requests decide on names, and remove files, one at a time.
  const exclusive = createMutex();
  const dropUnnamed = async (image: ImageManifest): Promise<void> => {
    const named = await log.named();
    for (const { digest } of filesOf(image)) if (!named.has(digest)) await store.drop(digest);
  };
  const sweep = async (): Promise<void> => {
    try {
      const removed = await exclusive(async () => {
        const olderThan = new Date(clock.now().getTime() - limits.uploadMs - SWEEP_MARGIN_MS);
        return store.sweep(await log.named(), olderThan);
      });
      if (removed > 0) logger.info({ removed }, 'files that no image names are removed from the object store');
    } catch (err) {
      logger.warn({ err }, 'the object store is not swept; the next upload tries again');
    }
  };
  return {
    find: (id) => deps.index.find(id),
    sweep,
    add: async (body, asker) => {
      const received = await receive(deps, body);
      try {
        return await exclusive(() => record(deps, received, asker, dropUnnamed));
      } finally {
        await Promise.allSettled(received.uploads.map((upload) => upload.discard()));
        void sweep();
      }
    },
    remove: (id, asker) =>
      exclusive(async () => {
        if (!(await deps.caughtUp()))
          throw new ProblemError('read-model-behind', 'it is not known yet which VMs use the image; try again');
        const user = await deps.queries.imageUser({ ...asker.by, atLeast: deps.reads.positions() }, id, asker.tenant);
        if (user) throw imageInUse(id, user.tenant === asker.tenant ? `VM ${user.vmId}` : "another tenant's VM");
        let image: ImageManifest | undefined;
        const { actor, traceparent } = asker;
        const appended = await log.append<'absent'>(
          id,
          { actor, traceparent },
          (before) => {
            image = before?.image;
            return before
              ? { kind: 'append', fact: { name: 'removed', data: before.image } }
              : { kind: 'keep', answer: 'absent' };
          },
          AbortSignal.timeout(APPEND_WITHIN_MS),
        );
        if (appended.kind === 'kept' || !image) throw imageNotFound(id);
        if (appended.kind === 'unknown') throw imageUnstored();
        deps.index.appended(id, { sequence: appended.sequence, image: undefined });
        await dropUnnamed(image).catch((err: unknown) =>
          logger.warn({ err, image: id }, 'files of a removed image are left; they are swept later'),
        );
        return appended.sequence;
      }),
  };
};

const receive = async ({ store, limits, logger }: ImagesDeps, body: AsyncIterable<Uint8Array>): Promise<Received> => {
  try {
    return await receiveImage({ store, limits }, body);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    logger.warn({ err: error }, 'an image was not received');
    throw imageUnstored();
  }
};

const record = async (
  { hosts, index, log }: ImagesDeps,
  { image, uploads }: Received,
  asker: Asker,
  dropUnnamed: (image: ImageManifest) => Promise<void>,
): Promise<Added> => {
  const owner = hosts.live().find(({ images }) => images.some(({ id }) => id === image.id));
  if (owner)
    throw new ProblemError(
      'image-exists',
      `image ${image.id} is one of the hosts' own (${owner.host}); choose another id`,
    );
  for (const upload of uploads) await upload.keep();
  const appended = await log.append<ImageRecord>(
    image.id,
    asker,
    (before) => (before ? { kind: 'keep', answer: before } : { kind: 'append', fact: { name: 'added', data: image } }),
    AbortSignal.timeout(APPEND_WITHIN_MS),
  );
  // Unknown outcome: its files stay, to be swept if unrecorded.
  if (appended.kind === 'unknown') throw imageUnstored();
  if (appended.kind === 'appended') {
    index.appended(image.id, { sequence: appended.sequence, image });
    return { image, isNew: true, sequence: appended.sequence, addedAt: appended.time };
  }
  const { image: before, sequence, at } = appended.answer;
  if (isDeepStrictEqual(before, image)) return { image, isNew: false, sequence, addedAt: at };
  await dropUnnamed(image);
  throw new ProblemError(
    'image-exists',
    `image ${image.id} is on record with other contents (kernel ${before.kernel.digest}); remove it, or choose another id`,
  );
};
