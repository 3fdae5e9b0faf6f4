// One file of an image from the object store onto this host's disk: whole and of its digest under its name, or not there.
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ImageStore } from '@ironlog/image-store';
import type { ImageFile } from '@ironlog/schemas';

/** Why there is no file: the store has none, or one with other bytes. */
export class NoSuchFile extends Error {}

export interface FileFetch {
  readonly store: Pick<ImageStore, 'read'>;
  readonly file: ImageFile;
  /** Absolute path of the file to be. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** How many bytes are written so far. */
  readonly onBytes: (bytes: number) => void;
}

/** The suffix of a file that is being written; what a crash leaves of it is removed at the next start. */
export const PART = '.part';

/** Rejects with NoSuchFile, the signal's reason, or the fault of the disk or the connection. */
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

/** The name is then there after a power failure, too. */
const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
