// VM rows: each VM's fold, with the columns that queries look by. Between two commits a VM is written once.
import { deleteDueAt, type Entry, evolve, initialVm, stopDueAt, stuckDueAt, type Vm } from '@ironlog/domain';
import type { TenantId, VmId } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { RowInserts, type Value } from './row-inserts.ts';
import { WrittenKeys } from './written-keys.ts';

/** Aggregates kept in memory; the others are read from their rows. */
const REMEMBERED = 50_000;
const keyOf = (tenant: string, id: string): string => `${tenant}/${id}`;

/** One VM in memory; changed in place, for it is looked up once for each of its entries. */
interface Held {
  readonly key: string;
  vm: Vm;
  createdSequence: number;
  /** Not claimed so far: without a spec, hence without labels. */
  isFresh: boolean;
  /** Fresh, and it may have a row all the same: a command of its has expired. */
  hasMoved: boolean;
  isDirty: boolean;
}

export interface Folded {
  readonly before: Vm;
  readonly after: Vm;
  /** Why the fold ignored the entry. */
  readonly ignored: string | undefined;
}

export class VmRows {
  readonly #held = new Map<string, Held>();
  readonly #dirty: Held[] = [];
  readonly #written;
  readonly #load;
  readonly #upserts;
  readonly #place;
  readonly #labels;

  constructor(db: Db) {
    this.#written = new WrittenKeys(db.prepare('SELECT 1 FROM vms').get() === undefined);
    this.#load = db.prepare<[string, string], { body: string; created_sequence: number }>(
      'SELECT body, created_sequence FROM vms WHERE tenant = ? AND id = ?',
    );
    this.#upserts = new RowInserts(
      db,
      `INSERT INTO vms (tenant, id, created_sequence, state, host, name, deleted, attention, task_deadline, expires_at, restart_at, image, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, id) DO UPDATE SET state = excluded.state, host = excluded.host, name = excluded.name, deleted = excluded.deleted,
         attention = excluded.attention, task_deadline = excluded.task_deadline, expires_at = excluded.expires_at,
         restart_at = excluded.restart_at, image = excluded.image, body = excluded.body`,
    );
    this.#place = db.prepare<[number, string, string]>(
      'UPDATE vms SET created_sequence = ? WHERE tenant = ? AND id = ?',
    );
    this.#labels = new RowInserts(db, 'INSERT INTO vm_labels (tenant, id, key, value) VALUES (?, ?, ?, ?)');
  }

  fold(tenant: TenantId, id: VmId, entry: Entry): Folded {
    const held = this.#get(tenant, id);
    const before = held.vm;
    const evolved = evolve(before, entry);
    held.vm = evolved.vm;
    if (before.state === 'absent' && evolved.kind === 'folded') {
      // Set by the last event that found no VM, never by an ignored one: memory must say what the rows would.
      held.createdSequence = entry.sequence;
      held.isFresh = true;
      held.hasMoved ||= before.revision > 0;
    }
    // A VM that nothing has happened to has no row: an ignored entry does not make one.
    if (evolved.vm.revision > 0) this.#markDirty(held);
    return { before, after: evolved.vm, ignored: evolved.kind === 'ignored' ? evolved.reason : undefined };
  }

  /** An entry over the VM's filter that is no event of it: only its sequence is remembered. */
  pass(tenant: TenantId, id: VmId, sequence: number): void {
    const held = this.#get(tenant, id);
    // A VM that nothing has happened to has no row: poison does not make one.
    if (held.vm.revision === 0) return;
    held.vm = { ...held.vm, sequence };
    this.#markDirty(held);
  }

  /** Writes each VM that has changed once, inside a transaction. */
  write(): void {
    this.#upserts.run(this.#dirty, putRow);
    this.#labels.run(this.#dirty.flatMap(labelsOf), (values, row) => values.push(...row));
    for (const { key, hasMoved, createdSequence, vm } of this.#dirty) {
      this.#written.add(key);
      if (hasMoved) this.#place.run(createdSequence, vm.tenant, vm.id);
    }
  }

  written(): void {
    for (const held of this.#dirty) {
      held.isDirty = false;
      held.isFresh = false;
      held.hasMoved = false;
      // Hardly anything happens to it again. Kept, they made a rebuild 8 % slower: each is copied and marked by the collector.
      if (held.vm.state === 'deleted') this.#held.delete(held.key);
    }
    this.#dirty.length = 0;
    while (this.#held.size > REMEMBERED) {
      const [oldest] = this.#held.keys();
      if (oldest === undefined) break;
      this.#held.delete(oldest);
    }
  }

  #markDirty(held: Held): void {
    if (held.isDirty) return;
    held.isDirty = true;
    this.#dirty.push(held);
  }

  #get(tenant: TenantId, id: VmId): Held {
    const key = keyOf(tenant, id);
    const known = this.#held.get(key);
    if (known) return known;
    const row = this.#written.mayHave(key) ? this.#load.get(tenant, id) : undefined;
    const vm = row ? (JSON.parse(row.body) as Vm) : initialVm(tenant, id);
    const held = {
      key,
      vm,
      createdSequence: row?.created_sequence ?? 0,
      isFresh: false,
      hasMoved: false,
      isDirty: false,
    };
    this.#held.set(key, held);
    return held;
  }
}

const putRow = (values: Value[], { vm, createdSequence }: Held): void => {
  const { tenant, id, spec } = vm;
  values.push(
    tenant,
    id,
    createdSequence,
    vm.state,
    vm.owner,
    spec?.name ?? id,
    vm.state === 'deleted' ? 1 : 0,
    vm.attention ? 1 : 0,
    stuckDueAt(vm) ?? null,
    deleteDueAt(vm) ?? null,
    stopDueAt(vm) ?? null,
    vm.image?.id ?? null,
    JSON.stringify(vm),
  );
};

/** A VM's spec is given with its claim, and is never another. */
const labelsOf = ({ vm, isFresh }: Held): Value[][] =>
  isFresh ? Object.entries(vm.spec?.labels ?? {}).map(([key, value]) => [vm.tenant, vm.id, key, value]) : [];
