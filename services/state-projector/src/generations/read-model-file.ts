// The files of one kind: the current one if it is usable, and the next one to build.
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import {
  currentFile,
  type Db,
  HISTORY_TABLES,
  type Kind,
  nextFile,
  openReadOnly,
  openWriter,
  publish,
  removeUnread,
  SCHEMA_VERSION,
  STATE_TABLES,
  shapeOf,
} from '@ironlog/read-model';
import type { Logger } from '@ironlog/service-kit';
import { isDamaged } from './sqlite-failure.ts';

const TABLES: Readonly<Record<Kind, string>> = { state: STATE_TABLES, history: HISTORY_TABLES };

export interface ReadModelFile {
  readonly path: string;
  readonly db: Db;
  /** Points readers at it; idempotent. */
  publish(): void;
}

/** `unusable` files are kept for inspection; the log makes another (P7). */
export type Opened =
  | { readonly kind: 'open'; readonly file: ReadModelFile }
  | { readonly kind: 'none' }
  | { readonly kind: 'other-shape'; readonly path: string; readonly shape: number }
  | { readonly kind: 'damaged'; readonly path: string; readonly reason: string };

/** Syncs what was written without fsync, before readers rely on it. */
const makeDurable = (path: string, db: Db): void => {
  db.pragma('journal_mode = WAL');
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  db.pragma('synchronous = NORMAL');
};

/** Never during a build of that kind. A failed removal only costs disk space, and is retried the next time. */
export const removeTemporaryFiles = (directory: string, kind: Kind, logger: Logger): void => {
  try {
    removeUnread(directory, kind);
  } catch (err) {
    logger.warn({ err, kind }, 'unused files could not be removed');
  }
};

/** An empty file without readers. Until it is published a crash only costs the work: it is built without fsync. */
export const newFile = (directory: string, kind: Kind): ReadModelFile => {
  const path = nextFile(directory, kind);
  const db = openWriter(path, TABLES[kind]);
  db.pragma('journal_mode = MEMORY');
  db.pragma('synchronous = OFF');
  return {
    path,
    db,
    publish: () => {
      makeDurable(path, db);
      publish(directory, kind, path);
    },
  };
};

const shapeAt = (path: string): number => {
  const db = openReadOnly(path);
  try {
    return shapeOf(db);
  } finally {
    db.close();
  }
};

/** Checks the whole file once: damage must be found before further events are folded into it. */
export const openCurrent = (directory: string, kind: Kind): Opened => {
  const path = currentFile(directory, kind);
  if (path === undefined || !existsSync(path)) return { kind: 'none' };
  try {
    const shape = shapeAt(path);
    if (shape !== SCHEMA_VERSION) return { kind: 'other-shape', path, shape };
    const db = openWriter(path, TABLES[kind]);
    const check = String(db.pragma('quick_check(1)', { simple: true }));
    if (check === 'ok') return { kind: 'open', file: { path, db, publish: () => publish(directory, kind, path) } };
    db.close();
    return { kind: 'damaged', path, reason: check };
  } catch (error) {
    if (isDamaged(error)) return { kind: 'damaged', path, reason: error.message };
    throw error;
  }
};
