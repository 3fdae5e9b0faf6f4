// What is done with the files of images: stored as they come, kept under their digest, read, dropped, swept.

/** A file that is stored whole, under a name of its own until it is kept. */
export interface Upload {
  readonly digest: string;
  readonly size: number;
  /** Names it by its digest; where a file of that digest is there already, this one is removed. */
  keep(): Promise<void>;
  /** Removes it, unless it is kept. */
  discard(): Promise<void>;
}

export interface StoredFile {
  readonly size: number;
  /** Read on as it is taken: no more than a few chunks are in memory. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface ImageStore {
  /** Rejects with what `bytes` throws, or when it is not stored; nothing of it is left then. */
  put(bytes: AsyncIterable<Uint8Array>): Promise<Upload>;
  has(digest: string): Promise<boolean>;
  /** `undefined`: there is none. The bytes are not verified. */
  read(digest: string, signal: AbortSignal): Promise<StoredFile | undefined>;
  drop(digest: string): Promise<void>;
  /** Removes what was stored before `olderThan` and is not in `named`. Returns how many files it removed. */
  sweep(named: ReadonlySet<string>, olderThan: Date): Promise<number>;
}
