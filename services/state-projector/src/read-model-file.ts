// One generation of one file: the current one if it can be read on, else the next, which takes its place when caught up.
import { existsSync } from 'node:fs';
import {
  currentFile,
  type Db,
  HISTORY_TABLES,
  type Kind,
  nextFile,
  openWriter,
  publish,
  STATE_TABLES,
} from '@ironlog/read-model';
import type { Logger } from '@ironlog/service-kit';

const TABLES: Readonly<Record<Kind, string>> = { state: STATE_TABLES, history: HISTORY_TABLES };
/** SQLite's words for a file that is no longer a database. */
const DAMAGED = ['SQLITE_CORRUPT', 'SQLITE_NOTADB'];

export const isDamaged = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && DAMAGED.some((code) => String(error.code).startsWith(code));

export interface ReadModelFile {
  readonly db: Db;
  /** Readers have it. */
  readonly published: boolean;
  publish(): void;
}

export interface FileOptions {
  readonly directory: string;
  readonly kind: Kind;
  readonly logger: Logger;
}

const fresh = ({ directory, kind }: FileOptions): ReadModelFile => {
  const file = nextFile(directory, kind);
  const db = openWriter(file, TABLES[kind]);
  return { db, published: false, publish: () => publish(directory, kind, file) };
};

/** A damaged file is left where it is, for whoever wants to look; the log makes another (P7). */
export const openFile = (options: FileOptions): ReadModelFile => {
  const file = currentFile(options.directory, options.kind);
  if (file === undefined || !existsSync(file)) return fresh(options);
  try {
    const db = openWriter(file, TABLES[options.kind]);
    const [check] = db.pragma('quick_check(1)') as { quick_check: string }[];
    if (check?.quick_check === 'ok') return { db, published: true, publish: () => undefined };
    db.close();
    options.logger.error({ file, reason: check?.quick_check }, 'damaged: rebuilding it from the log');
  } catch (err) {
    if (!isDamaged(err)) throw err;
    options.logger.error({ err, file }, 'damaged: rebuilding it from the log');
  }
  return fresh(options);
};
