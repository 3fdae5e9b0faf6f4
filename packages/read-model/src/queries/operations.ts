// Operations of a tenant: those recorded in EVENTS, and those that are only in WORK yet.
import { type OperationState, pendingOperation } from '@ironlog/domain';
import type { CommandId, OperationStatus, TenantId, VmId, VmSpec, WorkCommand } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { decodeCursor, type Page, pageOf } from './cursor.ts';

export interface OperationListing {
  readonly vmId?: VmId | undefined;
  readonly status?: OperationStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Row {
  id: string;
  created_sequence: number;
  body: string;
}

interface PendingRow {
  sequence: number;
  body: string;
}
type Filters = Pick<OperationListing, 'vmId' | 'status'>;

// One statement per index: most operations have succeeded, and few of very many are of one VM.
const LIST = `
SELECT id, created_sequence, body FROM operations
WHERE tenant = @tenant AND (created_sequence, id) > (@afterSequence, @afterId) AND (@status IS NULL OR status = @status)
ORDER BY created_sequence, id LIMIT @limit`;
const NOT_SUCCEEDED = `
SELECT id, created_sequence, body FROM operations
WHERE tenant = @tenant AND status = @status AND status <> 'succeeded' AND (created_sequence, id) > (@afterSequence, @afterId)
ORDER BY created_sequence, id LIMIT @limit`;
const OF_VM = `
SELECT id, created_sequence, body FROM operations
WHERE tenant = @tenant AND vm_id = @vmId AND (created_sequence, id) > (@afterSequence, @afterId) AND (@status IS NULL OR status = @status)
ORDER BY created_sequence, id LIMIT @limit`;
const PENDING = `
SELECT sequence, body FROM pending_commands
WHERE tenant = @tenant AND sequence > @afterSequence ORDER BY sequence LIMIT @limit`;
const PENDING_OF_VM = `
SELECT sequence, body FROM pending_commands
WHERE tenant = @tenant AND vm_id = @vmId AND sequence > @afterSequence ORDER BY sequence LIMIT @limit`;
/** For their test. */
export const OPERATION_LISTS = { LIST, NOT_SUCCEEDED, OF_VM, PENDING, PENDING_OF_VM };

export const prepareOperationQueries = (db: Db) => {
  const one = db.prepare<[string, string], { body: string }>('SELECT body FROM operations WHERE tenant = ? AND id = ?');
  const onePending = db.prepare<[string, string], { body: string }>(
    'SELECT body FROM pending_commands WHERE tenant = ? AND id = ?',
  );
  const waitingCreate = db.prepare<[string, string], { body: string }>(
    "SELECT body FROM pending_commands WHERE tenant = ? AND id = ? AND verb = 'create' AND target = 'any'",
  );
  const list = db.prepare<[object], Row>(LIST);
  const notSucceeded = db.prepare<[object], Row>(NOT_SUCCEEDED);
  const ofVm = db.prepare<[object], Row>(OF_VM);
  const pending = db.prepare<[object], PendingRow>(PENDING);
  const pendingOfVm = db.prepare<[object], PendingRow>(PENDING_OF_VM);
  const listing = ({ vmId, status }: Filters) => {
    if (vmId !== undefined) return ofVm;
    return status === undefined || status === 'succeeded' ? list : notSucceeded;
  };
  const read = (row: { body: string }): OperationState => JSON.parse(row.body) as OperationState;
  const readPending = (row: { body: string }): OperationState => pendingOperation(JSON.parse(row.body) as WorkCommand);
  return {
    one: (tenant: TenantId, id: CommandId): OperationState | undefined => {
      const row = one.get(tenant, id);
      if (row) return read(row);
      const waiting = onePending.get(tenant, id);
      return waiting && readPending(waiting);
    },
    /** Of a create that waits for a host. */
    waitingSpec: (tenant: TenantId, id: CommandId): VmSpec | undefined => {
      const row = waitingCreate.get(tenant, id);
      const action = row && (JSON.parse(row.body) as WorkCommand).data.action;
      return action?.verb === 'create' ? action.params.spec : undefined;
    },
    // One snapshot: an item decided between two separate reads would be on neither side.
    page: db.transaction(
      (tenant: TenantId, { limit, cursor, vmId, status }: OperationListing): Page<OperationState> | undefined => {
        const after = decodeCursor('operations', cursor);
        if (!after) return undefined;
        const { sequence: afterSequence, id: afterId } = after;
        const filters = { tenant, ...(vmId !== undefined && { vmId }) };
        return pageOf(
          { list: 'operations', after, limit },
          {
            recorded:
              status === 'pending'
                ? []
                : listing({ vmId, status }).all({
                    ...filters,
                    status: status ?? null,
                    afterSequence,
                    afterId,
                    limit: limit + 1,
                  }),
            itemOf: read,
            pending: (from, atMost) =>
              status !== undefined && status !== 'pending'
                ? []
                : (vmId === undefined ? pending : pendingOfVm)
                    .all({ ...filters, afterSequence: from, limit: atMost })
                    .map((row) => ({ sequence: row.sequence, item: readPending(row) })),
          },
        );
      },
    ),
  };
};
