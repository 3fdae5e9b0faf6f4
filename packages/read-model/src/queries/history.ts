// Past states: the stored events of a tenant or a VM, and a VM as of a time or sequence.
import { evolve, initialVm, type Vm } from '@ironlog/domain';
import { readStoredEvent, type StoredEvent, type TenantId, type Timestamp, type VmId } from '@ironlog/schemas';
import type { Db } from '../database.ts';

export type PointInTime = { readonly at: Timestamp } | { readonly sequence: number };
export interface PastEvent {
  readonly sequence: number;
  readonly stored: StoredEvent;
}
export interface EventRange {
  readonly after: number;
  readonly limit: number;
}

interface Row {
  sequence: number;
  subject: string;
  hash: string;
  time: string;
  bytes: Buffer;
}

const read = ({ sequence, subject, bytes }: Row): PastEvent[] => {
  const event = readStoredEvent(subject, bytes);
  return event.ok ? [{ sequence, stored: event.stored }] : [];
};

export const prepareHistory = (db: Db) => {
  const columns = 'sequence, subject, hash, time, bytes';
  const ofVm = db.prepare<[string, string, number, number], Row>(
    `SELECT ${columns} FROM events WHERE tenant = ? AND vm_id = ? AND kind = 'vm' AND sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const ofTenant = db.prepare<[{ tenant: string; after: number; limit: number }], Row>(
    // Two scans of one index, each in order and limited to the page: an OR would sort the rest of the log.
    `SELECT ${columns} FROM (
       SELECT * FROM (SELECT ${columns} FROM events WHERE tenant = @tenant AND sequence > @after ORDER BY sequence LIMIT @limit)
       UNION ALL
       SELECT * FROM (SELECT ${columns} FROM events WHERE tenant IS NULL AND sequence > @after ORDER BY sequence LIMIT @limit))
     ORDER BY sequence LIMIT @limit`,
  );
  const wholeVm = db.prepare<[string, string], Row>(
    `SELECT ${columns} FROM events WHERE tenant = ? AND vm_id = ? AND kind = 'vm' ORDER BY sequence`,
  );

  /** Folds up to the limit; each event that the fold accepted is passed to `took`. */
  const refold = (tenant: TenantId, id: VmId, within: (row: Row) => boolean): Vm => {
    let vm = initialVm(tenant, id);
    for (const row of wholeVm.iterate(tenant, id)) {
      if (!within(row)) break;
      const [past] = read(row);
      if (past?.stored.kind === 'vm')
        vm = evolve(vm, {
          sequence: row.sequence,
          hash: row.hash,
          writer: past.stored.writer,
          event: past.stored.event,
        }).vm;
    }
    return vm;
  };

  return {
    vmThen: (tenant: TenantId, id: VmId, pointInTime: PointInTime): Vm =>
      refold(tenant, id, (row) =>
        'at' in pointInTime ? row.time <= pointInTime.at : row.sequence <= pointInTime.sequence,
      ),
    vmEvents: (tenant: TenantId, id: VmId, { after, limit }: EventRange): PastEvent[] =>
      ofVm.all(tenant, id, after, limit).flatMap(read),
    events: (tenant: TenantId, { after, limit }: EventRange): PastEvent[] =>
      ofTenant.all({ tenant, after, limit }).flatMap(read),
  };
};
