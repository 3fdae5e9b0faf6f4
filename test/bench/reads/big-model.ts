// A read model with one big tenant and a small one, folded by the project's own projections without a log behind it.
import {
  createStateProjection,
  foldAndCommit,
  HISTORY_TABLES,
  type LogEntry,
  nextFile,
  openWriter,
  publish,
  STATE_TABLES,
} from '@ironlog/read-model';
import { readStoredEvent, type TenantId } from '@ironlog/schemas';
import { fleetLog, ofTenant } from '../lifecycles.ts';

export interface Fleet {
  readonly tenant: TenantId;
  readonly vms: number;
}

const EVENTS_OF_A_VM = 8;
const BATCH = 1000;
const CREATED_AT = new Date('2026-01-01T00:00:00.000Z');

const entriesOf = function* (fleets: readonly Fleet[]): Generator<LogEntry> {
  let sequence = 0;
  for (const { tenant, vms } of fleets)
    for (const { subject, bytes } of fleetLog(vms * EVENTS_OF_A_VM, vms, ofTenant(tenant))) {
      sequence += 1;
      yield {
        sequence,
        subject,
        bytes,
        // Nothing that is read here shows it.
        hash: '',
        storedAt: CREATED_AT,
        read: readStoredEvent(subject, bytes),
      };
    }
};

/** `directory` is what a gateway is given as its read model. */
export const buildModel = (directory: string, fleets: readonly Fleet[]): void => {
  const [stateFile, historyFile] = [nextFile(directory, 'state'), nextFile(directory, 'history')];
  const db = openWriter(stateFile, STATE_TABLES);
  openWriter(historyFile, HISTORY_TABLES).close();
  const projection = createStateProjection(db, { createdAt: CREATED_AT, lastSequence: Number.MAX_SAFE_INTEGER });
  let batch: LogEntry[] = [];
  for (const entry of entriesOf(fleets)) {
    batch.push(entry);
    if (batch.length < BATCH) continue;
    foldAndCommit(projection, batch);
    batch = [];
  }
  foldAndCommit(projection, batch);
  db.close();
  publish(directory, 'state', stateFile);
  publish(directory, 'history', historyFile);
};
