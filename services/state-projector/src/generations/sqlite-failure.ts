// Classifies a failure of SQLite or of its disk: retry, rebuild the file, or unrelated.

/** Full, locked, or a disk without an answer: nothing was committed, the same batch may be applied again (P6). */
const PASSING = ['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR'];
/** SQLite's codes for a file that is no longer a database. */
const DAMAGED = ['SQLITE_CORRUPT', 'SQLITE_NOTADB'];

/** The pointer was not moved to a complete file: the file is kept, and moving the pointer is idempotent. */
export class NotPublished extends Error {}

const hasCode = (error: unknown, codes: readonly string[]): error is Error =>
  error instanceof Error && 'code' in error && codes.some((code) => String(error.code).startsWith(code));

export const mayPass = (error: unknown): error is Error => error instanceof NotPublished || hasCode(error, PASSING);
export const isDamaged = (error: unknown): error is Error => hasCode(error, DAMAGED);
