// What a projection is given: an entry of a stream, and which stream it is. The event log's own types fit them.
import type { ReadEvent } from '@ironlog/schemas';

export interface LogEntry {
  readonly sequence: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, in hex. */
  readonly hash: string;
  readonly storedAt: Date;
  readonly read: ReadEvent;
}

/** A stream is known by when it was created; a shorter or younger one is another. */
export interface LogIdentity {
  readonly createdAt: Date;
  readonly lastSequence: number;
}
