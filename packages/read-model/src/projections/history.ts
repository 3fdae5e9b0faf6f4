// The `history` projection: one row per event, as it was stored, for audits and for looking back in time.

import { STREAMS } from '@ironlog/schemas';
import { Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';
import type { Applied, Projection } from './state.ts';

export const createHistoryProjection = (db: Db, info: LogIdentity): Projection => {
  const checkpoints = new Checkpoints(db);
  const insert = db.prepare(
    `INSERT INTO events (sequence, kind, tenant, vm_id, time, type, actor, subject, hash, bytes)
     VALUES (@sequence, @kind, @tenant, @vmId, @time, @type, @actor, @subject, @hash, @bytes) ON CONFLICT DO NOTHING`,
  );

  const record = ({ read, sequence, subject, hash, bytes }: LogEntry): boolean => {
    if (!read.ok) return false;
    const { kind, event } = read.stored;
    const [tenant, vmId] = kind === 'host' ? [null, null] : [event.tenant, event.subject];
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
    return true;
  };

  const transaction = db.transaction((batch: readonly LogEntry[]): Applied => {
    const recorded = batch.filter(record).length;
    const last = batch.at(-1);
    if (last) checkpoints.write(STREAMS.events, info.createdAt, last.sequence);
    return { events: batch.length, quarantined: batch.length - recorded };
  });

  return { checkpoint: () => checkpoints.read(STREAMS.events), apply: (batch) => transaction.immediate(batch) };
};
