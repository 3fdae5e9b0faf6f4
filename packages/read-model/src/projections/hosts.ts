// Host rows: what is on record of each host; what it offers right now is in its heartbeat, not here.
import type { HostEvent } from '@ironlog/schemas';
import type { Db } from '../database.ts';

const STATUS: Readonly<Partial<Record<HostEvent['name'], string>>> = {
  'executor-started': 'started',
  'executor-stopped': 'stopped',
  'executor-halted': 'halted',
  'host-unreachable': 'unreachable',
  'host-reachable': 'reachable',
};

export class HostRows {
  readonly #upsert;

  constructor(db: Db) {
    this.#upsert = db.prepare<[string, string, string, string | null, string]>(
      `INSERT INTO hosts (id, status, since, reason, body) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, since = excluded.since, reason = excluded.reason, body = excluded.body`,
    );
  }

  fold(event: HostEvent): void {
    const status = STATUS[event.name];
    if (!status) return;
    const reason = 'reason' in event.data ? event.data.reason : null;
    this.#upsert.run(event.subject, status, event.time, reason, JSON.stringify({ name: event.name, data: event.data }));
  }
}
