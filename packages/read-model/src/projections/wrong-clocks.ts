// Hosts that reported a wrong clock: each from `clock-wrong` until `clock-corrected`, or until its executor stops or starts again.
import type { HostEvent } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { RowWrites } from './rows/row-writes.ts';

/** `body` null: the row is deleted. */
type Row = readonly [host: string, since: string, body: string | null];

export class WrongClockRows extends RowWrites<Row> {
  constructor(db: Db) {
    const upsert = db.prepare<[string, string, string]>(
      // A further `clock-wrong` keeps the time of the first.
      'INSERT INTO wrong_clocks (host, since, body) VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE SET body = excluded.body',
    );
    const remove = db.prepare<[string]>('DELETE FROM wrong_clocks WHERE host = ?');
    super(([host, since, body]) => (body === null ? remove.run(host) : upsert.run(host, since, body)));
  }

  fold({ name, data, subject, time }: HostEvent): void {
    if (name === 'clock-wrong') this.add([subject, time, JSON.stringify(data)]);
    // A new executor measures its clock first, and a stopped host's clock does not matter.
    else if (name === 'clock-corrected' || name === 'executor-started' || name === 'executor-stopped')
      this.add([subject, time, null]);
  }
}
