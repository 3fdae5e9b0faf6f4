// The checkpoint: a file's position in a stream, and the stream's identity; written in the transaction of the rows.

import type { Db } from './database.ts';
import type { LogIdentity } from './log-entry.ts';

export interface Checkpoint {
  readonly sequence: number;
  readonly logCreatedAt: string | undefined;
}

export class Checkpoints {
  readonly #read;
  readonly #write;

  constructor(db: Db) {
    this.#read = db.prepare<[string], { sequence: number; log_created_at: string }>(
      'SELECT sequence, log_created_at FROM checkpoint WHERE stream = ?',
    );
    this.#write = db.prepare<[string, string, number]>(
      `INSERT INTO checkpoint (stream, log_created_at, sequence) VALUES (?, ?, ?)
       ON CONFLICT (stream) DO UPDATE SET sequence = excluded.sequence, log_created_at = excluded.log_created_at`,
    );
  }

  read(stream: string): Checkpoint {
    const row = this.#read.get(stream);
    return { sequence: row?.sequence ?? 0, logCreatedAt: row?.log_created_at };
  }

  write(stream: string, logCreatedAt: Date, sequence: number): void {
    this.#write.run(stream, logCreatedAt.toISOString(), sequence);
  }
}

/** `undefined`: the file was folded from this stream. Otherwise why not: it must not be merged, but rebuilt (P7). */
export const whyAnotherStream = ({ sequence, logCreatedAt }: Checkpoint, info: LogIdentity): string | undefined => {
  if (logCreatedAt === undefined) return undefined;
  if (logCreatedAt !== info.createdAt.toISOString())
    return `it follows a stream of ${logCreatedAt}, this one was created at ${info.createdAt.toISOString()}`;
  if (sequence > info.lastSequence)
    return `it has followed the stream to ${sequence}, which now ends at ${info.lastSequence}: an older copy was put back`;
  return undefined;
};
