// The hosts on record without a heartbeat: the last recorded event of each, and when it was last known to live.
import { type HostFact, hostIdSchema, type SilentHost } from '@ironlog/schemas';
import type { Db } from '../database.ts';

interface Row {
  id: string;
  status: string;
  since: string;
  reason: string | null;
  body: string;
}

/** A host whose last event implies that it runs is silent, though that is not recorded yet. */
const STATUS: Readonly<Record<string, SilentHost['status']>> = {
  stopped: 'stopped',
  halted: 'halted',
  unreachable: 'unreachable',
};

/** The time of its own last event, or of the last heartbeat that recovery recorded; the log has no other sign of life. */
const lastSeen = ({ status, since, body }: Row): string | null => {
  const { name, data } = JSON.parse(body) as HostFact;
  if (name === 'host-unreachable') return data.lastHeartbeatAt ?? null;
  return status in STATUS ? since : null;
};

export const prepareHosts = (db: Db) => {
  const all = db.prepare<[], Row>('SELECT id, status, since, reason, body FROM hosts ORDER BY id');
  return (): readonly SilentHost[] =>
    all.all().map((row) => ({
      host: hostIdSchema.parse(row.id),
      status: STATUS[row.status] ?? 'silent',
      since: row.since,
      lastSeenAt: lastSeen(row),
      reason: row.reason,
    }));
};
