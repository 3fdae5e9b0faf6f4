// Operation rows: each command's fold over EVENTS; the first outcome wins.
import { foldOperation, type OperationState, operationsOf } from '@ironlog/domain';
import type { CommandId, StoredEvent, TenantId } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { WrittenKeys } from './written-keys.ts';

const keyOf = (tenant: string, id: string): string => `${tenant}/${id}`;
interface Held {
  readonly operation: OperationState;
  readonly createdSequence: number;
}

export class OperationRows {
  /** Those that have changed since the last commit, and those not finished yet. */
  readonly #held = new Map<string, Held>();
  readonly #dirty = new Set<string>();
  /** Without a row so far. */
  readonly #fresh = new Set<string>();
  readonly #written;
  readonly #load;
  readonly #upsert;
  readonly #decided;

  constructor(db: Db) {
    this.#written = new WrittenKeys(db.prepare('SELECT 1 FROM operations').get() === undefined);
    this.#load = db.prepare<[string, string], { body: string; created_sequence: number }>(
      'SELECT body, created_sequence FROM operations WHERE tenant = ? AND id = ?',
    );
    this.#upsert = db.prepare(
      `INSERT INTO operations (tenant, id, vm_id, status, created_sequence, body) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, id) DO UPDATE SET status = excluded.status, body = excluded.body`,
    );
    this.#decided = db.prepare<[string, string]>('DELETE FROM pending_commands WHERE tenant = ? AND id = ?');
  }

  fold(tenant: TenantId, stored: StoredEvent, sequence: number): void {
    for (const id of operationsOf(stored)) {
      const before = this.#get(tenant, id);
      const after = foldOperation(id, before?.operation, stored, sequence);
      if (!after || after === before?.operation) continue;
      const key = keyOf(tenant, id);
      this.#held.set(key, { operation: after, createdSequence: before?.createdSequence ?? sequence });
      this.#dirty.add(key);
      if (!before) this.#fresh.add(key);
    }
  }

  /** Writes each operation that has changed once, inside a transaction. */
  write(): void {
    for (const key of this.#dirty) {
      const held = this.#held.get(key);
      if (!held) continue;
      this.#written.add(key);
      const { operation, createdSequence } = held;
      const { tenant, id, vmId, status } = operation;
      this.#upsert.run(tenant, id, vmId, status, createdSequence, JSON.stringify(operation));
      // What is on record is not pending; a copy of the command that comes later finds the row (see pending.ts).
      if (this.#fresh.has(key)) this.#decided.run(tenant, id);
    }
  }

  written(): void {
    for (const key of this.#dirty) if (this.#held.get(key)?.operation.finishedAt !== null) this.#held.delete(key);
    this.#dirty.clear();
    this.#fresh.clear();
  }

  #get(tenant: TenantId, id: CommandId): Held | undefined {
    const key = keyOf(tenant, id);
    const known = this.#held.get(key);
    if (known) return known;
    const row = this.#written.mayHave(key) ? this.#load.get(tenant, id) : undefined;
    return row && { operation: JSON.parse(row.body) as OperationState, createdSequence: row.created_sequence };
  }
}
