// Fetches an image's file from the object store to disk: complete and verified under its name, or absent.
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ImageStore } from '@ironlog/image-store';
import type { ImageFile } from '@ironlog/schemas';

/** The store has no such file, or one with other bytes. */
export class NoSuchFile extends Error {}

export interface FileFetch {
  readonly store: Pick<ImageStore, 'read'>;
  readonly file: ImageFile;
  /** Absolute path of the target. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** With the bytes written so far. */
  readonly onBytes: (bytes: number) => void;
}

/** The suffix of a partial file; after a crash it is removed at the next start. */
export const PART = '.part';

/** Rejects with NoSuchFile, the signal's reason, or a disk or connection error. */
export const fetchFile = async ({ store, file, path, signal, onBytes }: FileFetch): Promise<void> => {
  const part = `${path}${PART}`;
  try {
    const stored = await store.read(file.digest, signal);
    if (!stored) throw new NoSuchFile(`${file.digest} is not in the object store`);
    if (stored.size !== file.size)
      throw new NoSuchFile(`${file.digest} has ${stored.size} bytes in the object store, and ${file.size} on record`);
    const hash = createHash('sha256');
    const handle = await open(part, 'w', 0o600);
    try {
      let written = 0;
      for await (const chunk of stored.bytes) {
        hash.update(chunk);
        await handle.writeFile(chunk);
        written += chunk.length;
        onBytes(written);
      }
      const digest = `sha256-${hash.digest('hex')}`;
      if (digest !== file.digest) throw new NoSuchFile(`${file.digest} is ${digest} in the object store`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};

/** Makes the name survive a power failure. */
const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
