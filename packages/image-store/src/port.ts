// The port of the image store: files are uploaded, kept under their digest, read, dropped, swept.

/** A complete upload, under a temporary name until it is kept. */
export interface Upload {
  readonly digest: string;
  readonly size: number;
  /** Renames it to its digest; if that digest is stored already, the upload is removed. */
  keep(): Promise<void>;
  /** Removes it, unless kept. */
  discard(): Promise<void>;
}

export interface StoredFile {
  readonly size: number;
  /** Read on demand: only a few chunks are in memory. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface ImageStore {
  /** Rejects with an error of `bytes` or of the store; no partial file is left then. */
  put(bytes: AsyncIterable<Uint8Array>): Promise<Upload>;
  has(digest: string): Promise<boolean>;
  /** `undefined`: not found. The bytes are not verified. */
  read(digest: string, signal: AbortSignal): Promise<StoredFile | undefined>;
  drop(digest: string): Promise<void>;
  /** Removes files stored before `olderThan` and not in `named`. Returns the number of removed files. */
  sweep(named: ReadonlySet<string>, olderThan: Date): Promise<number>;
}
