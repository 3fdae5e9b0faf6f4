// Operation rows: each command's fold over EVENTS; the first outcome wins.
import { foldOperation, type OperationState, operationsOf } from '@ironlog/domain';
import type { CommandId, StoredEvent, TenantId } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { RowInserts } from './rows/row-inserts.ts';
import { WrittenKeys } from './rows/written-keys.ts';

const keyOf = (tenant: string, id: string): string => `${tenant}/${id}`;

/** One operation in memory, changed in place because it is read once per event. */
interface Held {
  readonly key: string;
  operation: OperationState;
  /** It has no row yet. */
  isFresh: boolean;
  isDirty: boolean;
}

export class OperationRows {
  /** The operations changed since the last commit, and the unfinished ones. */
  readonly #held = new Map<string, Held>();
  readonly #dirty: Held[] = [];
  readonly #written;
  readonly #load;
  readonly #upserts;
  readonly #anyPending;
  readonly #decided;

  constructor(db: Db) {
    this.#written = new WrittenKeys(db.prepare('SELECT 1 FROM operations').get() === undefined);
    this.#load = db.prepare<[string, string], { body: string }>(
      'SELECT body FROM operations WHERE tenant = ? AND id = ?',
    );
    this.#upserts = new RowInserts(
      db,
      `INSERT INTO operations (tenant, id, vm_id, status, requested_ms, body) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, id) DO UPDATE SET status = excluded.status, body = excluded.body`,
    );
    this.#anyPending = db.prepare('SELECT 1 FROM pending_commands LIMIT 1');
    this.#decided = db.prepare<[string, string]>('DELETE FROM pending_commands WHERE tenant = ? AND id = ?');
  }

  fold(tenant: TenantId, stored: StoredEvent, sequence: number): void {
    for (const id of operationsOf(stored)) {
      const key = keyOf(tenant, id);
      const held = this.#held.get(key) ?? this.#fromRow(key, tenant, id);
      const after = foldOperation(id, held?.operation, stored, sequence);
      if (!after || after === held?.operation) continue;
      const changed = held ?? { key, operation: after, isFresh: true, isDirty: false };
      changed.operation = after;
      this.#remember(changed);
    }
  }

  /** Writes each changed operation once, inside a transaction. */
  write(): void {
    this.#upserts.run(this.#dirty, (values, { operation }) => {
      const { tenant, id, vmId, status, request } = operation;
      values.push(tenant, id, vmId, status, Date.parse(request.requestedAt), JSON.stringify(operation));
    });
    for (const { key } of this.#dirty) this.#written.add(key);
    // A decided command is not pending; a later copy of it finds this row (see pending.ts). The check is for rebuilds, whose
    // commands are all decided.
    if (this.#anyPending.get() === undefined) return;
    for (const { operation, isFresh } of this.#dirty) if (isFresh) this.#decided.run(operation.tenant, operation.id);
  }

  written(): void {
    for (const held of this.#dirty) {
      held.isDirty = false;
      held.isFresh = false;
      if (held.operation.finishedAt !== null) this.#held.delete(held.key);
    }
    this.#dirty.length = 0;
  }

  #remember(held: Held): void {
    if (held.isDirty) return;
    held.isDirty = true;
    this.#dirty.push(held);
    this.#held.set(held.key, held);
  }

  #fromRow(key: string, tenant: TenantId, id: CommandId): Held | undefined {
    const row = this.#written.mayHave(key) ? this.#load.get(tenant, id) : undefined;
    if (!row) return undefined;
    const operation = JSON.parse(row.body) as OperationState;
    return { key, operation, isFresh: false, isDirty: false };
  }
}
