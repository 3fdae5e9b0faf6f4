// The search terms of VMs outside of their row: labels, and the trigrams of name and id. Both are stored by scope.
import type { Vm } from '@ironlog/domain';
import type { Db } from '../database.ts';
import { SCOPES, type Scope, searchText } from '../scope.ts';
import { RowInserts, type Value } from './rows/row-inserts.ts';

// See scope.ts for the rowids.
const INSERT_TEXT = 'INSERT INTO vm_text (rowid, text) VALUES ((? << 42) | (? << 40) | ?, ?)';
const REMOVE_TEXT = 'DELETE FROM vm_text WHERE rowid = (? << 42) | (? << 40) | ?';

/** A VM whose scope is another than at the last commit; `from` is undefined when it had no terms. */
export interface ScopeChange {
  readonly vm: Vm;
  readonly createdSequence: number;
  readonly from: Scope | undefined;
  readonly to: Scope;
}

interface Text {
  readonly change: ScopeChange;
  readonly tenantNumber: number;
}

export class VmTerms {
  readonly #insertLabels;
  readonly #moveLabel;
  readonly #number;
  readonly #numberOf;
  readonly #insertText;
  readonly #removeText;

  constructor(db: Db) {
    this.#insertLabels = new RowInserts(
      db,
      'INSERT INTO vm_labels (tenant, key, value, scope, id) VALUES (?, ?, ?, ?, ?)',
    );
    this.#moveLabel = db.prepare<Value[]>(
      'UPDATE vm_labels SET scope = ? WHERE tenant = ? AND key = ? AND value = ? AND scope = ? AND id = ?',
    );
    this.#number = db.prepare<[string]>(
      `INSERT INTO tenant_numbers (tenant, number) SELECT ?, coalesce(max(number), 0) + 1 FROM tenant_numbers WHERE true
       ON CONFLICT DO NOTHING`,
    );
    this.#numberOf = db.prepare<[string], number>('SELECT number FROM tenant_numbers WHERE tenant = ?').pluck();
    this.#insertText = db.prepare<Value[]>(INSERT_TEXT);
    this.#removeText = db.prepare<Value[]>(REMOVE_TEXT);
  }

  /** Inside a transaction. A VM's claim sets its spec, which never changes. */
  write(changes: readonly ScopeChange[]): void {
    this.#insertLabels.run(changes.filter(isFirst).flatMap(labelRows), (values, row) => values.push(...row));
    for (const change of changes) {
      if (change.from === undefined) continue;
      for (const [tenant, key, value, , id] of labelRows(change))
        this.#moveLabel.run(change.to, tenant, key, value, change.from, id);
    }
    this.#writeTexts(changes);
  }

  #writeTexts(changes: readonly ScopeChange[]): void {
    const numbers = new Map<string, number>();
    for (const { vm } of changes) if (!numbers.has(vm.tenant)) numbers.set(vm.tenant, this.#tenantNumber(vm.tenant));
    const texts = changes.map((change) => ({ change, tenantNumber: numbers.get(change.vm.tenant) ?? 0 }));
    for (const { change, tenantNumber } of texts)
      if (change.from !== undefined) this.#removeText.run(tenantNumber, change.from, change.createdSequence);
    // In the order of their rowids: FTS5 begins a new segment at each rowid that is less than the one before.
    for (const { change, tenantNumber } of texts.sort(byRowid)) {
      const { vm, createdSequence, to } = change;
      // Two more characters, so that the id's last two characters begin a trigram too.
      const text = `${searchText(vm.spec?.name ?? vm.id, vm.id)}\n\n`;
      this.#insertText.run(tenantNumber, to, createdSequence, text);
    }
  }

  /** Counted from 1, in the order of first occurrence in the log. */
  #tenantNumber(tenant: string): number {
    this.#number.run(tenant);
    return this.#numberOf.get(tenant) ?? 0;
  }
}

const isFirst = ({ from }: ScopeChange): boolean => from === undefined;

const labelRows = ({ vm, to }: ScopeChange): [string, string, string, Scope, string][] =>
  Object.entries(vm.spec?.labels ?? {}).map(([key, value]) => [vm.tenant, key, value, to, vm.id]);

const byRowid = (one: Text, other: Text): number =>
  one.tenantNumber - other.tenantNumber ||
  one.change.to - other.change.to ||
  one.change.createdSequence - other.change.createdSequence;

/** The change to write for a VM's terms; none while it is in no list. */
export const scopeChange = (vm: Vm, { createdSequence, from, to }: Omit<ScopeChange, 'vm'>): readonly ScopeChange[] =>
  to === from || to === SCOPES.absent ? [] : [{ vm, createdSequence, from, to }];
