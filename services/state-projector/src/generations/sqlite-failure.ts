// What a failure of SQLite, or of the disk under it, means for the projector: wait and try again, throw the file away, or none of its business.

/** Full, held by another, or a disk that does not answer: nothing was committed, the same batch may be applied again (P6). */
const PASSING = ['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR'];
/** SQLite's words for a file that is no longer a database. */
const DAMAGED = ['SQLITE_CORRUPT', 'SQLITE_NOTADB'];

/** Readers were not pointed at a file that is whole: it keeps what it has, and to point again is harmless. */
export class NotPublished extends Error {}

const hasCode = (error: unknown, codes: readonly string[]): error is Error =>
  error instanceof Error && 'code' in error && codes.some((code) => String(error.code).startsWith(code));

export const mayPass = (error: unknown): error is Error => error instanceof NotPublished || hasCode(error, PASSING);
export const isDamaged = (error: unknown): error is Error => hasCode(error, DAMAGED);
