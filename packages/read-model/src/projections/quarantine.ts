// Quarantine rows: every stored message that counts for nothing, and why (I14: none disappears).
import type { Db } from '../database.ts';

export interface Poison {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly reason: string;
  readonly bytes: number;
  readonly at: Date;
}

export class QuarantineRows {
  readonly #insert;

  constructor(db: Db) {
    this.#insert = db.prepare(
      'INSERT INTO quarantine (stream, sequence, subject, reason, bytes, at) VALUES (@stream, @sequence, @subject, @reason, @bytes, @at) ON CONFLICT DO NOTHING',
    );
  }

  add({ at, subject, ...poison }: Poison): void {
    this.#insert.run({ ...poison, subject: subject.slice(0, 400), at: at.toISOString() });
  }
}
