// VM rows: each VM's fold, with the columns that queries look by. Between two commits a VM is written once.
import { type Entry, evolve, initialVm, type Vm } from '@ironlog/domain';
import type { TenantId, VmId } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { WrittenKeys } from './written-keys.ts';

/** Aggregates kept in memory; the others are read from their rows. */
const REMEMBERED = 50_000;
const keyOf = (tenant: string, id: string): string => `${tenant}/${id}`;

interface Held {
  readonly vm: Vm;
  readonly createdSequence: number;
}

export interface Folded {
  readonly before: Vm;
  readonly after: Vm;
  /** Why the fold ignored the entry. */
  readonly ignored: string | undefined;
}

export class VmRows {
  readonly #held = new Map<string, Held>();
  readonly #dirty = new Set<string>();
  /** Not claimed so far: without a spec, hence without labels. */
  readonly #fresh = new Set<string>();
  /** Of those, the ones that may have a row all the same: a command of theirs has expired. */
  readonly #moved = new Set<string>();
  readonly #written;
  readonly #load;
  readonly #upsert;
  readonly #place;
  readonly #label;

  constructor(db: Db) {
    this.#written = new WrittenKeys(db.prepare('SELECT 1 FROM vms').get() === undefined);
    this.#load = db.prepare<[string, string], { body: string; created_sequence: number }>(
      'SELECT body, created_sequence FROM vms WHERE tenant = ? AND id = ?',
    );
    this.#upsert = db.prepare(
      `INSERT INTO vms (tenant, id, created_sequence, state, host, name, deleted, attention, task_deadline, expires_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, id) DO UPDATE SET state = excluded.state, host = excluded.host, name = excluded.name, deleted = excluded.deleted,
         attention = excluded.attention, task_deadline = excluded.task_deadline, expires_at = excluded.expires_at, body = excluded.body`,
    );
    this.#place = db.prepare<[number, string, string]>(
      'UPDATE vms SET created_sequence = ? WHERE tenant = ? AND id = ?',
    );
    this.#label = db.prepare<[string, string, string, string]>(
      'INSERT INTO vm_labels (tenant, id, key, value) VALUES (?, ?, ?, ?)',
    );
  }

  fold(tenant: TenantId, id: VmId, entry: Entry): Folded {
    const key = keyOf(tenant, id);
    const held = this.#get(tenant, id, entry.sequence);
    const before = held.vm;
    const evolved = evolve(before, entry);
    const begins = before.state === 'absent' && evolved.kind === 'folded';
    // Set by the last event that found no VM, never by an ignored one: memory must say what the rows would.
    const createdSequence = begins ? entry.sequence : held.createdSequence;
    this.#held.set(key, { vm: evolved.vm, createdSequence });
    // A VM that nothing has happened to has no row: an ignored entry does not make one.
    if (evolved.vm.revision > 0) this.#dirty.add(key);
    if (begins) this.#fresh.add(key);
    if (begins && before.revision > 0) this.#moved.add(key);
    return { before, after: evolved.vm, ignored: evolved.kind === 'ignored' ? evolved.reason : undefined };
  }

  /** An entry over the VM's filter that is no event of it: only its sequence is remembered. */
  pass(tenant: TenantId, id: VmId, sequence: number): void {
    const { vm, createdSequence } = this.#get(tenant, id, sequence);
    // A VM that nothing has happened to has no row: poison does not make one.
    if (vm.revision === 0) return;
    const key = keyOf(tenant, id);
    this.#held.set(key, { vm: { ...vm, sequence }, createdSequence });
    this.#dirty.add(key);
  }

  /** Writes each VM that has changed once, inside a transaction. */
  write(): void {
    for (const key of this.#dirty) {
      const held = this.#held.get(key);
      if (!held) continue;
      this.#written.add(key);
      this.#write(held, this.#fresh.has(key));
      if (this.#moved.has(key)) this.#place.run(held.createdSequence, held.vm.tenant, held.vm.id);
    }
  }

  written(): void {
    this.#dirty.clear();
    this.#fresh.clear();
    this.#moved.clear();
    while (this.#held.size > REMEMBERED) {
      const [oldest] = this.#held.keys();
      if (oldest === undefined) break;
      this.#held.delete(oldest);
    }
  }

  #get(tenant: TenantId, id: VmId, sequence: number): Held {
    const known = this.#held.get(keyOf(tenant, id));
    if (known) return known;
    const row = this.#written.mayHave(keyOf(tenant, id)) ? this.#load.get(tenant, id) : undefined;
    if (row) return { vm: JSON.parse(row.body) as Vm, createdSequence: row.created_sequence };
    return { vm: initialVm(tenant, id), createdSequence: sequence };
  }

  #write({ vm, createdSequence }: Held, isFresh: boolean): void {
    const { tenant, id, spec } = vm;
    const expires = spec?.expiresAfterSeconds;
    const gone = vm.state === 'deleted';
    const expiresAt =
      expires !== undefined && vm.createdAt && !gone
        ? new Date(Date.parse(vm.createdAt) + expires * 1000).toISOString()
        : null;
    // By place: SQLite looks named parameters up anew for each row.
    this.#upsert.run(
      tenant,
      id,
      createdSequence,
      vm.state,
      vm.owner,
      spec?.name ?? id,
      gone ? 1 : 0,
      vm.attention ? 1 : 0,
      vm.task?.deadline ?? null,
      expiresAt,
      JSON.stringify(vm),
    );
    // A VM's spec is given with its claim, and is never another.
    if (!isFresh) return;
    for (const [key, value] of Object.entries(spec?.labels ?? {})) this.#label.run(tenant, id, key, value);
  }
}
