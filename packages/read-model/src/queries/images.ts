// Images on record: one, a page of them by id, and the VM that keeps one from being removed.
import type { ImageId, ImageManifest, TenantId, Timestamp, VmId } from '@ironlog/schemas';
import type { Db } from '../database.ts';

export interface ImageRow {
  readonly image: ImageManifest;
  /** Of the event that added it. */
  readonly sequence: number;
  readonly addedAt: Timestamp;
}

export interface ImageListing {
  /** Exclusive; empty: from the beginning. */
  readonly after: string;
  readonly limit: number;
}

export interface ImageUser {
  readonly tenant: TenantId;
  readonly vmId: VmId;
}

interface Row {
  sequence: number;
  added_at: string;
  body: string;
}

const PAGE = 'SELECT sequence, added_at, body FROM images WHERE id > @after ORDER BY id LIMIT @limit';
const LIVE_USER = `
SELECT tenant, id AS vmId FROM vms WHERE image = @image AND image IS NOT NULL AND scope = 0
ORDER BY tenant <> @tenant, tenant, id LIMIT 1`;
/** Few creates wait at once: they are gone through. */
const WAITING_USER = `
SELECT tenant, vm_id AS vmId FROM pending_commands
WHERE verb = 'create' AND json_extract(body, '$.data.image.id') = @image
ORDER BY tenant <> @tenant, tenant, vm_id LIMIT 1`;
/** For their test. */
export const IMAGE_LISTS = { PAGE, LIVE_USER };

const readRow = ({ sequence, added_at, body }: Row): ImageRow => ({
  image: JSON.parse(body) as ImageManifest,
  sequence,
  addedAt: added_at,
});

export const prepareImages = (db: Db) => {
  const one = db.prepare<[string], Row>('SELECT sequence, added_at, body FROM images WHERE id = ?');
  const page = db.prepare<[object], Row>(PAGE);
  const liveUser = db.prepare<[object], ImageUser>(LIVE_USER);
  const waitingUser = db.prepare<[object], ImageUser>(WAITING_USER);
  return {
    one: (id: ImageId): ImageRow | undefined => {
      const row = one.get(id);
      return row && readRow(row);
    },
    page: ({ after, limit }: ImageListing): readonly ImageRow[] => page.all({ after, limit }).map(readRow),
    /** A VM of `tenant` before any other's. */
    user: (image: ImageId, tenant: TenantId): ImageUser | undefined =>
      liveUser.get({ image, tenant }) ?? waitingUser.get({ image, tenant }),
  };
};
