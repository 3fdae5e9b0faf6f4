// The `state` projection of EVENTS: VMs, operations, hosts, usage and quarantine, one transaction a batch (I6).

import { parseEventSubject, STREAMS } from '@ironlog/schemas';
import { type Checkpoint, Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';
import { HostRows } from './hosts.ts';
import { OperationRows } from './operations.ts';
import { QuarantineRows } from './quarantine.ts';
import { UsageRows } from './usage.ts';
import { VmRows } from './vms.ts';

export interface Applied {
  readonly events: number;
  readonly quarantined: number;
}

export interface Projection {
  checkpoint(): Checkpoint;
  /** All of the batch or nothing of it. @throws SqliteError when the file is full, busy beyond its bound, or damaged. */
  apply(batch: readonly LogEntry[]): Applied;
}

export const createStateProjection = (db: Db, info: LogIdentity): Projection => {
  const checkpoints = new Checkpoints(db);
  const vms = new VmRows(db);
  const operations = new OperationRows(db);
  const hosts = new HostRows(db);
  const usage = new UsageRows(db);
  const quarantine = new QuarantineRows(db);

  /** The reason, when the entry counts for nothing. */
  const fold = ({ read, sequence, hash, subject }: LogEntry): string | undefined => {
    if (!read.ok) {
      // The next append to that VM must expect this sequence, whatever the entry holds.
      const address = parseEventSubject(subject);
      if (address?.kind === 'vm') vms.pass(address.tenant, address.vmId, sequence);
      return read.reason;
    }
    const { stored } = read;
    switch (stored.kind) {
      case 'host':
        hosts.fold(stored.event);
        return undefined;
      case 'rejection':
        operations.fold(stored.event.tenant, stored, sequence);
        return undefined;
      case 'vm': {
        const { event, writer } = stored;
        const { before, after, ignored } = vms.fold(event.tenant, event.subject, { sequence, hash, writer, event });
        if (ignored !== undefined) return ignored;
        usage.follow(before, after);
        operations.fold(event.tenant, stored, sequence);
        return undefined;
      }
      default:
        return stored satisfies never;
    }
  };

  const transaction = db.transaction((batch: readonly LogEntry[]): Applied => {
    let quarantined = 0;
    for (const entry of batch) {
      const reason = fold(entry);
      if (reason === undefined) continue;
      quarantined += 1;
      quarantine.add({
        stream: STREAMS.events,
        sequence: entry.sequence,
        subject: entry.subject,
        reason,
        bytes: entry.bytes.length,
        at: entry.storedAt,
      });
    }
    vms.flush();
    operations.flush();
    const last = batch.at(-1);
    if (last) checkpoints.write(STREAMS.events, info.createdAt, last.sequence);
    return { events: batch.length, quarantined };
  });

  return {
    checkpoint: () => checkpoints.read(STREAMS.events),
    apply: (batch) => {
      try {
        return transaction.immediate(batch);
      } catch (error) {
        vms.forget();
        operations.forget();
        throw error;
      }
    },
  };
};
