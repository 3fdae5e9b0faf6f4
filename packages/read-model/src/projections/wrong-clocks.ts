// Hosts whose clock is wrong by their own word: each from `clock-wrong` until it is right, or its executor stops or starts anew.
import type { HostEvent } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { RowWrites } from './row-writes.ts';

/** `body` null: the row goes. */
type Row = readonly [host: string, since: string, body: string | null];

export class WrongClockRows extends RowWrites<Row> {
  constructor(db: Db) {
    const upsert = db.prepare<[string, string, string]>(
      // What has become worse has been wrong since it was so first.
      'INSERT INTO wrong_clocks (host, since, body) VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE SET body = excluded.body',
    );
    const remove = db.prepare<[string]>('DELETE FROM wrong_clocks WHERE host = ?');
    super(([host, since, body]) => (body === null ? remove.run(host) : upsert.run(host, since, body)));
  }

  fold({ name, data, subject, time }: HostEvent): void {
    if (name === 'clock-wrong') this.add([subject, time, JSON.stringify(data)]);
    // A new executor measures its clock first of all, and a stopped host's is nobody's concern.
    else if (name === 'clock-corrected' || name === 'executor-started' || name === 'executor-stopped')
      this.add([subject, time, null]);
  }
}
