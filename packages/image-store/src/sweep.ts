// Removes the leftovers of an interrupted gateway: files without an image, and chunks without a file.
import { DIGEST_PATTERN, IMAGES_BUCKET, IMAGES_STREAM } from '@ironlog/schemas';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { ObjectInfo, ObjectStore } from '@nats-io/obj';

export interface SweepDeps {
  readonly manager: JetStreamManager;
  readonly objects: Pick<ObjectStore, 'info'>;
  readonly remove: (info: Pick<ObjectInfo, 'name' | 'nuid'>) => Promise<void>;
}

const NAMES = `$O.${IMAGES_BUCKET}.M.`;
const CHUNKS = `$O.${IMAGES_BUCKET}.C.`;

export const sweep = async (
  { manager, objects, remove }: SweepDeps,
  named: ReadonlySet<string>,
  olderThan: Date,
): Promise<number> => {
  const before = olderThan.getTime();
  const subjects = async (prefix: string): Promise<string[]> => {
    const { state } = await manager.streams.info(IMAGES_STREAM, { subjects_filter: `${prefix}>` });
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
  };
  let removed = 0;
  // Chunks first: a file stored meanwhile is then named below, or too young.
  const chunks = await subjects(CHUNKS);
  const kept = new Set<string>();
  for (const encoded of await subjects(NAMES)) {
    const name = Buffer.from(encoded, 'base64url').toString();
    const info = await objects.info(name);
    if (!info) continue;
    kept.add(info.nuid);
    if (DIGEST_PATTERN.test(name) && named.has(name)) continue;
    if (Date.parse(info.mtime) > before) continue;
    await remove(info);
    removed += 1;
  }
  for (const id of chunks) {
    if (kept.has(id)) continue;
    const last = await manager.streams.getMessage(IMAGES_STREAM, { last_by_subj: `${CHUNKS}${id}` });
    if (!last || last.time.getTime() > before) continue;
    await manager.streams.purge(IMAGES_STREAM, { filter: `${CHUNKS}${id}` });
    removed += 1;
  }
  return removed;
};
