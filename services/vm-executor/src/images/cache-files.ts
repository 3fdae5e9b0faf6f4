// The cache's files: which exist, when each was last used, and which are evicted first.
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DIGEST_PATTERN, type ImageFile } from '@ironlog/schemas';

interface Cached {
  readonly digest: string;
  readonly bytes: number;
  readonly usedAt: number;
}

export class CacheFiles {
  readonly #directory: string;

  /** Makes the directory; removes a crash's partial files from it. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory))
      if (!DIGEST_PATTERN.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }

  pathOf({ digest }: Pick<ImageFile, 'digest'>): string {
    return join(this.#directory, digest);
  }

  /** Its digest was verified when it was written. */
  has(file: ImageFile): boolean {
    return statSync(this.pathOf(file), { throwIfNoEntry: false })?.size === file.size;
  }

  used(file: ImageFile, now: Date): void {
    utimesSync(this.pathOf(file), now, now);
  }

  bytes(): number {
    return this.#all().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Evicts the least recently used files, except `kept`, until `bytes` are freed. Returns how many bytes are missing. */
  free(bytes: number, kept: ReadonlySet<string>): number {
    let missing = bytes;
    const unused = this.#all().filter(({ digest }) => !kept.has(digest));
    for (const { digest, bytes: freed } of unused.toSorted((a, b) => a.usedAt - b.usedAt)) {
      if (missing <= 0) break;
      rmSync(this.pathOf({ digest }), { force: true });
      missing -= freed;
    }
    return Math.max(0, missing);
  }

  #all(): readonly Cached[] {
    return readdirSync(this.#directory).flatMap((digest) => {
      const stats = DIGEST_PATTERN.test(digest)
        ? statSync(this.pathOf({ digest }), { throwIfNoEntry: false })
        : undefined;
      return stats ? [{ digest, bytes: stats.size, usedAt: stats.mtimeMs }] : [];
    });
  }
}
