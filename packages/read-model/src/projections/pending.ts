// Pending rows, from WORK: commands that are accepted and not decided yet; EVENTS ends each of them.

import { parseWorkSubject, STREAMS, type WorkCommand, workCommandSchema } from '@ironlog/schemas';
import { Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';
import { QuarantineRows } from './quarantine.ts';
import type { Applied, Projection } from './state.ts';

const readCommand = (bytes: Uint8Array): WorkCommand | undefined => {
  try {
    return workCommandSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
};

export const createPendingProjection = (db: Db, info: LogIdentity): Projection => {
  const checkpoints = new Checkpoints(db);
  const quarantine = new QuarantineRows(db);
  const insert = db.prepare(
    `INSERT INTO pending_commands (tenant, id, vm_id, verb, target, start_by, sequence, body)
     SELECT @tenant, @id, @vmId, @verb, @target, @startBy, @sequence, @body
     WHERE NOT EXISTS (SELECT 1 FROM operations WHERE tenant = @tenant AND id = @id)
     ON CONFLICT (tenant, id) DO UPDATE SET target = excluded.target, sequence = excluded.sequence, body = excluded.body`,
  );

  const fold = ({ subject, bytes, sequence }: LogEntry): string | undefined => {
    const address = parseWorkSubject(subject);
    const command = readCommand(bytes);
    if (!address || !command || command.tenant !== address.tenant || command.subject !== address.vmId)
      return 'not a command of this system';
    insert.run({
      tenant: command.tenant,
      id: command.id,
      vmId: command.subject,
      verb: command.data.action.verb,
      target: address.target,
      startBy: command.data.request.startBy,
      sequence,
      body: JSON.stringify(command),
    });
    return undefined;
  };

  const transaction = db.transaction((batch: readonly LogEntry[]): Applied => {
    let quarantined = 0;
    for (const entry of batch) {
      const reason = fold(entry);
      if (reason === undefined) continue;
      quarantined += 1;
      quarantine.add({
        stream: STREAMS.work,
        sequence: entry.sequence,
        subject: entry.subject,
        reason,
        bytes: entry.bytes.length,
        at: entry.storedAt,
      });
    }
    const last = batch.at(-1);
    if (last) checkpoints.write(STREAMS.work, info.createdAt, last.sequence);
    return { events: batch.length, quarantined };
  });

  return { checkpoint: () => checkpoints.read(STREAMS.work), apply: (batch) => transaction.immediate(batch) };
};
