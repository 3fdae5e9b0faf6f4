// For tests: image files in memory, read in small chunks that a test can delay.
import { createHash } from 'node:crypto';
import { type ImageFile, type ImageManifest, imageManifestSchema } from '@ironlog/schemas';
import type { ImageCacheDeps } from './image-cache.ts';

export const fileOf = (bytes: Uint8Array): ImageFile => ({
  digest: `sha256-${createHash('sha256').update(bytes).digest('hex')}`,
  size: bytes.length,
});

export class MemoryImages {
  readonly #files = new Map<string, Uint8Array>();
  /** The digest of each read. */
  readonly reads: string[] = [];
  /** Awaited before each chunk; a test can block or throw. */
  reading: (digest: string) => Promise<void> | void = () => undefined;
  chunkBytes = 1024;

  /** Under `digest` if given, which may be wrong. */
  put(bytes: Uint8Array, digest = fileOf(bytes).digest): ImageFile {
    this.#files.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  image(id: string, kernel: Uint8Array, initrd?: Uint8Array): ImageManifest {
    return imageManifestSchema.parse({
      id,
      architecture: 'x86_64',
      kernel: { file: 'vmlinux', format: 'elf', ...this.put(kernel) },
      ...(initrd && { initrd: { file: 'initrd', ...this.put(initrd) } }),
      args: 'console=ttyS0',
    });
  }

  readonly store: ImageCacheDeps['store'] = {
    read: async (digest, signal) => {
      const bytes = this.#files.get(digest);
      this.reads.push(digest);
      return bytes && { size: bytes.length, bytes: this.#chunks(digest, bytes, signal) };
    },
  };

  async *#chunks(digest: string, bytes: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += this.chunkBytes) {
      await this.reading(digest);
      signal.throwIfAborted();
      yield bytes.subarray(at, at + this.chunkBytes);
    }
  }
}
