// Pending rows, from WORK: commands that are accepted and undecided; an event of EVENTS ends each.

import {
  PROBE_SUBJECT,
  parseWorkSubject,
  STREAMS,
  type WorkAddress,
  type WorkCommand,
  workCommandSchema,
} from '@ironlog/schemas';
import { Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';
import { searchText } from '../scope.ts';
import { type Projection, projection } from './projection.ts';
import { QuarantineRows } from './quarantine.ts';
import { RowWrites } from './rows/row-writes.ts';

const readCommand = (bytes: Uint8Array): WorkCommand | undefined => {
  try {
    return workCommandSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
};

interface PendingRow {
  readonly tenant: string;
  readonly id: string;
  readonly vmId: string;
  readonly verb: string;
  readonly target: string;
  readonly startBy: string;
  readonly sequence: number;
  readonly requestedMs: number;
  /** Of a create, as of a VM; null of any other. */
  readonly search: string | null;
  /** Labels of a create, as JSON. */
  readonly labels: string | null;
  readonly body: string;
}

const isAddressed = ({ tenant, subject, data }: WorkCommand, address: WorkAddress): boolean =>
  tenant === address.tenant && subject === address.vmId && data.action.verb === address.verb;

const foundBy = ({ subject, data: { action } }: WorkCommand): Pick<PendingRow, 'search' | 'labels'> =>
  action.verb === 'create'
    ? {
        search: searchText(action.params.spec.name ?? subject, subject),
        labels: JSON.stringify(action.params.spec.labels),
      }
    : { search: null, labels: null };

export const createPendingProjection = (db: Db, info: LogIdentity): Projection => {
  const checkpoints = new Checkpoints(db);
  const quarantine = new QuarantineRows(db, STREAMS.work);
  const insert = db.prepare(
    `INSERT INTO pending_commands (tenant, id, vm_id, verb, target, start_by, sequence, requested_ms, search, labels, body)
     SELECT @tenant, @id, @vmId, @verb, @target, @startBy, @sequence, @requestedMs, @search, @labels, @body
     WHERE NOT EXISTS (SELECT 1 FROM operations WHERE tenant = @tenant AND id = @id)
     ON CONFLICT (tenant, id) DO UPDATE SET target = excluded.target, sequence = excluded.sequence, body = excluded.body`,
  );

  const commands = new RowWrites<PendingRow>((row) => insert.run(row));

  const foldOne = ({ subject, bytes, sequence }: LogEntry): string | undefined => {
    if (subject === PROBE_SUBJECT) return undefined;
    const address = parseWorkSubject(subject);
    const command = readCommand(bytes);
    if (!address || !command || !isAddressed(command, address)) return 'not a command of this system';
    commands.add({
      tenant: command.tenant,
      id: command.id,
      vmId: command.subject,
      verb: command.data.action.verb,
      target: address.target,
      startBy: command.data.request.startBy,
      sequence,
      requestedMs: Date.parse(command.data.request.requestedAt),
      ...foundBy(command),
      body: JSON.stringify(command),
    });
    return undefined;
  };

  return projection({
    db,
    checkpoints,
    stream: STREAMS.work,
    info,
    foldOne,
    write: () => {
      commands.write();
      quarantine.write();
    },
    written: () => {
      commands.written();
      quarantine.written();
    },
    reject: (entry, reason) => quarantine.reject(entry, reason),
  });
};
