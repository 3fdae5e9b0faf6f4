// Host rows: each host's recorded state. Its current capacity is in its heartbeat, not here.
import type { HostEvent } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { RowWrites } from './rows/row-writes.ts';

const STATUS: Readonly<Partial<Record<HostEvent['name'], string>>> = {
  'executor-started': 'started',
  'executor-stopped': 'stopped',
  'executor-halted': 'halted',
  'host-unreachable': 'unreachable',
  'host-reachable': 'reachable',
};

type Row = [id: string, status: string, since: string, reason: string | null, body: string];

export class HostRows extends RowWrites<Row> {
  constructor(db: Db) {
    const upsert = db.prepare<Row>(
      `INSERT INTO hosts (id, status, since, reason, body) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, since = excluded.since, reason = excluded.reason, body = excluded.body`,
    );
    super((row) => upsert.run(...row));
  }

  fold(event: HostEvent): void {
    const status = STATUS[event.name];
    if (!status) return;
    const reason = 'reason' in event.data ? event.data.reason : null;
    this.add([event.subject, status, event.time, reason, JSON.stringify({ name: event.name, data: event.data })]);
  }
}
