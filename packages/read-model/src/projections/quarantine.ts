// Quarantine rows: every ignored message with its reason (I14: none disappears).
import { tenantIdSchema } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import type { LogEntry } from '../log-entry.ts';
import { RowWrites } from './rows/row-writes.ts';

interface Row {
  readonly stream: string;
  readonly sequence: number;
  readonly tenant: string | null;
  readonly subject: string;
  readonly reason: string;
  readonly bytes: number;
  readonly at: string;
}

const LONGEST_SUBJECT = 400;

/**
 * The tenant that may see it, from its subject (P9): the third token of a command's subject, the fourth of all others but
 * a host's.
 */
const tenantOf = (subject: string): string | null => {
  const [, stream, third, fourth] = subject.split('.');
  if (stream === 'evt' && third === 'host') return null;
  return tenantIdSchema.safeParse(stream === 'cmd' ? third : fourth).data ?? null;
};

export class QuarantineRows extends RowWrites<Row> {
  readonly #stream: string;

  constructor(db: Db, stream: string) {
    const insert = db.prepare<Row>(
      'INSERT INTO quarantine (stream, sequence, tenant, subject, reason, bytes, at) VALUES (@stream, @sequence, @tenant, @subject, @reason, @bytes, @at) ON CONFLICT DO NOTHING',
    );
    super((row) => insert.run(row));
    this.#stream = stream;
  }

  reject({ sequence, subject, bytes, storedAt }: LogEntry, reason: string): void {
    const at = storedAt.toISOString();
    this.add({
      stream: this.#stream,
      sequence,
      tenant: tenantOf(subject),
      subject: subject.slice(0, LONGEST_SUBJECT),
      reason,
      bytes: bytes.length,
      at,
    });
  }
}
