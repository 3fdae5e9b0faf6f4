// The interface of projections: entries folded in memory, and written with their checkpoint in one transaction (I6).
import type { Checkpoint, Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';

export interface Folded {
  readonly events: number;
  readonly quarantined: number;
}

export interface Projection {
  /** The position of the written rows. */
  checkpoint(): Checkpoint;
  /** In memory only, in stream order, each entry once. Uncommitted entries are lost with the process, and read again. */
  fold(batch: readonly LogEntry[]): Folded;
  /**
   * Writes everything folded since the last commit, or nothing; then it can be retried. @throws SqliteError when the file is
   * full, busy beyond its limit, or damaged.
   */
  commit(): void;
}

export interface Writing {
  readonly db: Db;
  readonly checkpoints: Checkpoints;
  readonly stream: string;
  readonly info: LogIdentity;
  /** The reason when the entry is ignored. */
  readonly foldOne: (entry: LogEntry) => string | undefined;
  /** Called inside the transaction; it may be repeated with the same data. */
  readonly write: () => void;
  /** The written data may be dropped. */
  readonly written: () => void;
  /** Called for an ignored entry. */
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

/** Folds and commits at once, for batches that a reader waits for. */
export const foldAndCommit = (into: Projection, batch: readonly LogEntry[]): Folded => {
  const folded = into.fold(batch);
  into.commit();
  return folded;
};
