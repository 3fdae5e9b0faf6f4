// VM rows: each VM's fold, with the columns for queries. Between two commits a VM is written once.
import { deleteDueAt, type Entry, evolve, initialVm, stopDueAt, stuckDueAt, type Vm } from '@ironlog/domain';
import type { TenantId, VmId } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { type Scope, scopeOf, searchText } from '../scope.ts';
import { RowInserts, type Value } from './rows/row-inserts.ts';
import { WrittenKeys } from './rows/written-keys.ts';
import { scopeChange, VmTerms } from './vm-terms.ts';

/** Aggregates kept in memory, some 3 KB each; the others are read from their rows. */
const REMEMBERED = 10_000;
const keyOf = (tenant: string, id: string): string => `${tenant}/${id}`;

/** One VM in memory, changed in place because it is read once per entry. */
interface Held {
  readonly key: string;
  vm: Vm;
  createdSequence: number;
  /** The scope of its written terms; undefined: none are written. */
  termsIn: Scope | undefined;
  /** Its row may have another `created_sequence`, because commands had expired before its claim. */
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
  readonly #terms;

  constructor(db: Db) {
    this.#written = new WrittenKeys(db.prepare('SELECT 1 FROM vms').get() === undefined);
    this.#load = db.prepare<[string, string], { body: string; created_sequence: number }>(
      'SELECT body, created_sequence FROM vms WHERE tenant = ? AND id = ?',
    );
    this.#upserts = new RowInserts(
      db,
      `INSERT INTO vms (created_sequence, tenant, id, scope, state, host, search, attention, task_deadline, expires_at, restart_at, image, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET scope = excluded.scope, state = excluded.state, host = excluded.host, search = excluded.search,
         attention = excluded.attention, task_deadline = excluded.task_deadline, expires_at = excluded.expires_at,
         restart_at = excluded.restart_at, image = excluded.image, body = excluded.body`,
    );
    this.#place = db.prepare<[number, string, string]>(
      'UPDATE vms SET created_sequence = ? WHERE tenant = ? AND id = ?',
    );
    this.#terms = new VmTerms(db);
  }

  fold(tenant: TenantId, id: VmId, entry: Entry): Folded {
    const held = this.#get(tenant, id);
    const before = held.vm;
    const evolved = evolve(before, entry);
    held.vm = evolved.vm;
    if (before.state === 'absent' && evolved.kind === 'folded') {
      // Set by the last event that found no VM, never by an ignored one: memory must equal the rows.
      held.createdSequence = entry.sequence;
      held.hasMoved ||= before.revision > 0;
    }
    // A VM without events has no row: an ignored entry does not make one.
    if (evolved.vm.revision > 0) this.#markDirty(held);
    return { before, after: evolved.vm, ignored: evolved.kind === 'ignored' ? evolved.reason : undefined };
  }

  /** An invalid entry over the VM's filter: only its sequence is kept. */
  pass(tenant: TenantId, id: VmId, sequence: number): void {
    const held = this.#get(tenant, id);
    // A VM without events has no row: an invalid entry does not make one.
    if (held.vm.revision === 0) return;
    held.vm = { ...held.vm, sequence };
    this.#markDirty(held);
  }

  /** Writes each changed VM once, inside a transaction. */
  write(): void {
    this.#upserts.run(this.#dirty, putRow);
    for (const { key, hasMoved, createdSequence, vm } of this.#dirty) {
      this.#written.add(key);
      if (hasMoved) this.#place.run(createdSequence, vm.tenant, vm.id);
    }
    this.#terms.write(
      this.#dirty.flatMap(({ vm, createdSequence, termsIn }) =>
        scopeChange(vm, { createdSequence, from: termsIn, to: scopeOf(vm.state) }),
      ),
    );
  }

  written(): void {
    for (const held of this.#dirty) {
      held.isDirty = false;
      held.termsIn = termsOf(held.vm);
      held.hasMoved = false;
      // A deleted VM rarely has further events. Keeping them made a rebuild 8 % slower, by copies and garbage collection.
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
      termsIn: row && termsOf(vm),
      hasMoved: false,
      isDirty: false,
    };
    this.#held.set(key, held);
    return held;
  }
}

const termsOf = ({ state }: Vm): Scope | undefined => (state === 'absent' ? undefined : scopeOf(state));

const putRow = (values: Value[], { vm, createdSequence }: Held): void => {
  const { tenant, id, spec } = vm;
  values.push(
    createdSequence,
    tenant,
    id,
    scopeOf(vm.state),
    vm.state,
    vm.owner,
    searchText(spec?.name ?? id, id),
    vm.attention ? 1 : 0,
    stuckDueAt(vm) ?? null,
    deleteDueAt(vm) ?? null,
    stopDueAt(vm) ?? null,
    vm.image?.id ?? null,
    JSON.stringify(vm),
  );
};
