// The host's image cache: files are fetched when a VM first needs them, each once, within a bound.
import { deadlineRefusal, hostError, type LaunchImage, type Outcome, type Refusal, refusal } from '@ironlog/hypervisor';
import type { ImageStore } from '@ironlog/image-store';
import { filesOf, type Heartbeat, type ImageFile, type ImageId, type ImageManifest } from '@ironlog/schemas';
import { delay, type Logger } from '@ironlog/service-kit';
import { CacheFiles } from './cache-files.ts';
import { fetchFile, NoSuchFile } from './fetch-file.ts';

export interface ImageCacheDeps {
  readonly store: Pick<ImageStore, 'read'>;
  /** Absolute; private. */
  readonly directory: string;
  readonly maxBytes: number;
  /** Digests of the files that this host's VMs use. */
  readonly inUse: () => Promise<ReadonlySet<string>>;
  /** Called when a fetch begins or ends. */
  readonly onChange: () => void;
  /** Stream time. */
  readonly now: () => Date;
  readonly logger: Logger;
  /** Before an interrupted fetch is retried. Milliseconds. */
  readonly retryMs?: number;
  /** Aborts fetches. */
  readonly stop: AbortSignal;
}

interface Fetch {
  readonly image: ImageId;
  readonly file: ImageFile;
  readonly controller: AbortController;
  readonly done: Promise<void>;
  bytes: number;
  /** Waiter count; at 0 the fetch is aborted. */
  waiting: number;
}

export type Fetches = NonNullable<Heartbeat['fetches']>;
const MAX_TOLD = 8;
const MIB = 1024 * 1024;
const STAGE = 'image';
const RETRY_MS = 1_000;

export class ImageCache {
  readonly #deps: ImageCacheDeps;
  readonly #files: CacheFiles;
  readonly #fetches = new Map<string, Fetch>();
  /** One eviction at a time. */
  #making: Promise<unknown> = Promise.resolve();

  constructor(deps: ImageCacheDeps) {
    this.#deps = deps;
    this.#files = new CacheFiles(deps.directory);
  }

  /** Paths and arguments for a hypervisor; the files exist after a successful `ensure`. */
  launchOf(image: ImageManifest): LaunchImage {
    const { args, initrd, kernel, rootDisk } = image;
    return {
      kernel: this.#files.pathOf(kernel),
      ...(initrd && { initrd: this.#files.pathOf(initrd) }),
      ...(rootDisk && { rootDisk: { path: this.#files.pathOf(rootDisk), format: rootDisk.format } }),
      ...(args !== undefined && { args }),
    };
  }

  has(image: ImageManifest): boolean {
    return filesOf(image).every((file) => this.#files.has(file));
  }

  /** Fetches missing files. Concurrent fetches of a file are shared. */
  async ensure(image: ImageManifest, signal: AbortSignal): Promise<Outcome> {
    for (const file of filesOf(image)) {
      try {
        if (!this.#files.has(file)) await this.#wait(image.id, file, signal);
        this.#files.used(file, this.#deps.now());
      } catch (error) {
        return this.#refusalOf(image, error, signal);
      }
    }
    return { ok: true };
  }

  /** Running fetches, at most eight. */
  fetches(): Fetches {
    return [...this.#fetches.values()]
      .slice(0, MAX_TOLD)
      .map(({ image, file, bytes }) => ({ image, digest: file.digest, bytes, size: file.size }));
  }

  async #wait(image: ImageId, file: ImageFile, signal: AbortSignal): Promise<void> {
    const fetch = await this.#current(image, file, signal);
    fetch.waiting += 1;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([fetch.done, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
      fetch.waiting -= 1;
      if (fetch.waiting === 0) fetch.controller.abort(new Error('nobody waits for the file any more'));
    }
  }

  /** An aborted fetch ends first: both would write the same file. */
  async #current(image: ImageId, file: ImageFile, signal: AbortSignal): Promise<Fetch> {
    for (;;) {
      signal.throwIfAborted();
      const fetch = this.#fetches.get(file.digest);
      if (!fetch?.controller.signal.aborted) return fetch ?? this.#begin(image, file);
      await fetch.done.catch(() => undefined);
    }
  }

  #begin(image: ImageId, file: ImageFile): Fetch {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.#deps.stop]);
    const fetch: Fetch = { image, file, controller, bytes: 0, waiting: 0, done: this.#fetch(image, file, signal) };
    this.#fetches.set(file.digest, fetch);
    this.#deps.onChange();
    const end = (): void => {
      if (this.#fetches.get(file.digest) === fetch) this.#fetches.delete(file.digest);
      this.#deps.onChange();
    };
    fetch.done.then(end, end);
    return fetch;
  }

  /** Retries store errors until the fetch is aborted. */
  async #fetch(image: ImageId, file: ImageFile, signal: AbortSignal): Promise<void> {
    await this.#makeRoom(file);
    const path = this.#files.pathOf(file);
    const onBytes = (bytes: number): void => {
      const fetch = this.#fetches.get(file.digest);
      if (fetch) fetch.bytes = bytes;
    };
    const { logger, retryMs = RETRY_MS, store } = this.#deps;
    for (;;) {
      try {
        return await fetchFile({ store, file, path, signal, onBytes });
      } catch (err) {
        if (signal.aborted || err instanceof NoSuchFile || isOfDisk(err)) throw err;
        logger.warn({ err, image, waitMs: retryMs }, 'a file of an image was not fetched; it is tried again');
        await delay(retryMs, signal);
      }
    }
  }

  /** @throws Full */
  #makeRoom(file: ImageFile): Promise<void> {
    const made = this.#making.then(async () => {
      const { inUse, maxBytes } = this.#deps;
      const onTheirWay = [...this.#fetches.values()].filter(({ file: other }) => other.digest !== file.digest);
      const coming = onTheirWay.reduce((sum, { file: { size } }) => sum + size, file.size);
      const over = this.#files.bytes() + coming - maxBytes;
      if (over <= 0) return;
      const kept = new Set(await inUse());
      const missing = this.#files.free(over, kept);
      if (missing > 0) throw new Full(`the cache of ${Math.floor(maxBytes / MIB)} MiB is full of images in use`);
    });
    this.#making = made.catch(() => undefined);
    return made;
  }

  #refusalOf({ id }: ImageManifest, error: unknown, signal: AbortSignal): Refusal {
    if (signal.aborted) return deadlineRefusal(signal, STAGE);
    if (error instanceof NoSuchFile)
      return refusal('refused', STAGE, `a file of image ${id} is not stored as it is on record`, error.message);
    if (error instanceof Full) return refusal('failed', STAGE, `image ${id} has no room on its host`, error.message);
    if (isOfDisk(error)) return hostError(STAGE, `image ${id} could not be written`, error);
    if (this.#deps.stop.aborted) return refusal('aborted', STAGE, `the fetch of image ${id} was given up`);
    this.#deps.logger.error({ err: error, image: id }, 'an image was not fetched');
    return refusal('failed', STAGE, `image ${id} could not be fetched`, String(error));
  }
}

class Full extends Error {}

const OF_NETWORK = /^E(CONN|PIPE|TIMEDOUT|HOST|NET|AI)/;
/** A local disk error, which a retry does not fix. */
const isOfDisk = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && !('code' in error && OF_NETWORK.test(String(error.code)));
