// A projection's input: a stream's entry, and the stream's identity. Compatible with the event log's types.
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

/** A stream is identified by its creation time; a shorter or younger one is another. */
export interface LogIdentity {
  readonly createdAt: Date;
  readonly lastSequence: number;
}
