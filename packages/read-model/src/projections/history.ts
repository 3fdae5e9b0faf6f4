// The `history` projection: one row per event with its stored bytes, for audits and past states.

import { isTenantEvent, STREAMS } from '@ironlog/schemas';
import { Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';
import { type Projection, projection } from './projection.ts';
import { RowWrites } from './rows/row-writes.ts';

export const createHistoryProjection = (db: Db, info: LogIdentity): Projection => {
  const checkpoints = new Checkpoints(db);
  const insert = db.prepare(
    `INSERT INTO events (sequence, kind, tenant, vm_id, time, type, actor, subject, hash, bytes)
     VALUES (@sequence, @kind, @tenant, @vmId, @time, @type, @actor, @subject, @hash, @bytes) ON CONFLICT DO NOTHING`,
  );

  const record = ({ read, sequence, subject, hash, bytes }: LogEntry): void => {
    if (!read.ok) return;
    const { stored } = read;
    const { kind, event } = stored;
    const [tenant, vmId] = isTenantEvent(stored) ? [stored.event.tenant, stored.event.subject ?? null] : [null, null];
    insert.run({
      sequence,
      kind,
      tenant,
      vmId,
      time: event.time,
      type: event.type,
      actor: event.actor,
      subject,
      hash,
      bytes: Buffer.from(bytes),
    });
  };

  const rows = new RowWrites<LogEntry>(record);
  return projection({
    db,
    checkpoints,
    stream: STREAMS.events,
    info,
    foldOne: (entry) => {
      rows.add(entry);
      return entry.read.ok ? undefined : entry.read.reason;
    },
    write: () => rows.write(),
    written: () => rows.written(),
    // The `state` projection keeps it, with its reason.
    reject: () => undefined,
  });
};
