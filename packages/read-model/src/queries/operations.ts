// Operations of a tenant: those recorded in EVENTS, and those that are only in WORK yet.
import { type OperationState, pendingOperation } from '@ironlog/domain';
import type { CommandId, OperationStatus, TenantId, VmId, VmSpec, WorkCommand } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { decodeKey } from './pages/key-cursor.ts';
import { mergedPage, NOTHING, type Part } from './pages/merged-page.ts';
import type { Page } from './pages/page.ts';

export interface OperationListing {
  readonly vmId?: VmId | undefined;
  readonly status?: OperationStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Row {
  id: string;
  requested_ms: number;
  body: string;
}
type Filters = Pick<OperationListing, 'vmId' | 'status'>;

/** An operation has its place from its request on, and keeps it when it is decided between two pages. */
interface Listed {
  readonly key: string;
  readonly operation: OperationState;
}
const MS_DIGITS = 15;
/** Ordered as text as its two parts are. */
const keyOf = ({ requested_ms, id }: Row): string => `${String(requested_ms).padStart(MS_DIGITS, '0')}/${id}`;
const placeOf = (key: string): { afterMs: number; afterId: string } => {
  const [ms = '', id = ''] = key.split('/');
  return { afterMs: Number(ms), afterId: id };
};

// One statement per index: most operations have succeeded, and few of very many are of one VM.
const LIST = `
SELECT id, requested_ms, body FROM operations
WHERE tenant = @tenant AND (requested_ms, id) > (@afterMs, @afterId) AND (@status IS NULL OR status = @status)
ORDER BY requested_ms, id LIMIT @limit`;
const NOT_SUCCEEDED = `
SELECT id, requested_ms, body FROM operations
WHERE tenant = @tenant AND status = @status AND status <> 'succeeded' AND (requested_ms, id) > (@afterMs, @afterId)
ORDER BY requested_ms, id LIMIT @limit`;
const OF_VM = `
SELECT id, requested_ms, body FROM operations
WHERE tenant = @tenant AND vm_id = @vmId AND (requested_ms, id) > (@afterMs, @afterId) AND (@status IS NULL OR status = @status)
ORDER BY requested_ms, id LIMIT @limit`;
const PENDING = `
SELECT id, requested_ms, body FROM pending_commands
WHERE tenant = @tenant AND (requested_ms, id) > (@afterMs, @afterId) ORDER BY requested_ms, id LIMIT @limit`;
const PENDING_OF_VM = `
SELECT id, requested_ms, body FROM pending_commands
WHERE tenant = @tenant AND vm_id = @vmId AND (requested_ms, id) > (@afterMs, @afterId) ORDER BY requested_ms, id LIMIT @limit`;
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
  const pending = db.prepare<[object], Row>(PENDING);
  const pendingOfVm = db.prepare<[object], Row>(PENDING_OF_VM);
  const listing = ({ vmId, status }: Filters) => {
    if (vmId !== undefined) return ofVm;
    return status === undefined || status === 'succeeded' ? list : notSucceeded;
  };
  const read = ({ body }: Pick<Row, 'body'>): OperationState => JSON.parse(body) as OperationState;
  const readPending = ({ body }: Pick<Row, 'body'>): OperationState =>
    pendingOperation(JSON.parse(body) as WorkCommand);
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
        const after = decodeKey('operations', cursor);
        if (after === undefined) return undefined;
        const parameters = {
          ...{ tenant, ...placeOf(after), status: status ?? null, limit: limit + 1 },
          ...(vmId !== undefined && { vmId }),
        };
        const part = (rows: readonly Row[], itemOf: (row: Row) => OperationState): Part<Listed> => ({
          items: rows.map((row) => ({ key: keyOf(row), operation: itemOf(row) })),
          scannedTo: undefined,
        });
        const recorded = status === 'pending' ? NOTHING : part(listing({ vmId, status }).all(parameters), read);
        const waiting = vmId === undefined ? pending : pendingOfVm;
        const asked =
          status !== undefined && status !== 'pending' ? NOTHING : part(waiting.all(parameters), readPending);
        const page = mergedPage({ list: 'operations', limit, keyOf: ({ key }) => key }, [recorded, asked]);
        return { items: page.items.map(({ operation }) => operation), nextCursor: page.nextCursor };
      },
    ),
  };
};
