// Opens SQLite: owner-only files, write-ahead log, bounded waits, one handle per file and process.
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

export type Db = Database.Database;

const BUSY_TIMEOUT_MS = 2000;

const ownerOnly = (file: string): void => {
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(file + suffix)) chmodSync(file + suffix, 0o600);
};

/** Creates the file (0600, in a 0700 directory) and its tables when they are missing. */
export const openWriter = (file: string, tables: string): Db => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  chmodSync(dirname(file), 0o700);
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    // A checkpoint lost in a power failure is folded again from the log: no fsync per batch is needed.
    db.pragma('synchronous = NORMAL');
    db.pragma('cache_size = -16000');
    db.exec(tables);
  } catch (error) {
    db.close();
    throw error;
  }
  ownerOnly(file);
  return db;
};

/** The schema version of the file's tables; 0: no tables yet. */
export const shapeOf = (db: Db): number => Number(db.pragma('user_version', { simple: true }));

/** Read-only; several readers may read while the writer writes. */
export const openReadOnly = (file: string): Db => {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  db.pragma('query_only = ON');
  return db;
};
