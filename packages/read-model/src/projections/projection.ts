// What every projection is: entries folded in memory, and written with their checkpoint in one transaction (I6).
import type { Checkpoint, Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';

export interface Folded {
  readonly events: number;
  readonly quarantined: number;
}

export interface Projection {
  /** Of what is written. */
  checkpoint(): Checkpoint;
  /** In memory only, in the stream's order, each entry once: what is folded and not committed is lost with the process, and read again. */
  fold(batch: readonly LogEntry[]): Folded;
  /** All that has been folded since the last commit, or nothing of it: then it can be tried again. @throws SqliteError when the file is full, busy beyond its bound, or damaged. */
  commit(): void;
}

export interface Writing {
  readonly db: Db;
  readonly checkpoints: Checkpoints;
  readonly stream: string;
  readonly info: LogIdentity;
  /** The reason, when the entry counts for nothing. */
  readonly foldOne: (entry: LogEntry) => string | undefined;
  /** Inside the transaction; it may be called again with the same. */
  readonly write: () => void;
  /** What has been written need not be kept. */
  readonly written: () => void;
  /** For an entry that counts for nothing. */
  readonly reject: (entry: LogEntry, reason: string) => void;
}

export const projection = (writing: Writing): Projection => {
  const { db, checkpoints, stream, info } = writing;
  let folded: number | undefined;
  const transaction = db.transaction((sequence: number) => {
    writing.write();
    checkpoints.write(stream, info.createdAt, sequence);
  });
  return {
    checkpoint: () => checkpoints.read(stream),
    fold: (batch) => {
      let quarantined = 0;
      for (const entry of batch) {
        const reason = writing.foldOne(entry);
        folded = entry.sequence;
        if (reason === undefined) continue;
        quarantined += 1;
        writing.reject(entry, reason);
      }
      return { events: batch.length, quarantined };
    },
    commit: () => {
      if (folded === undefined) return;
      transaction.immediate(folded);
      folded = undefined;
      writing.written();
    },
  };
};

/** Folds and writes at once: for batches that are waited for. */
export const foldAndCommit = (into: Projection, batch: readonly LogEntry[]): Folded => {
  const folded = into.fold(batch);
  into.commit();
  return folded;
};
