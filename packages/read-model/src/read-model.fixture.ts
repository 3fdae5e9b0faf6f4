// For tests: a read model in its own directory, folded from a test log in batches of any size.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWriter } from './database.ts';
import { nextFile, publish } from './generation.ts';
import type { TestLog } from './lifecycle.fixture.ts';
import { createHistoryProjection } from './projections/history.ts';
import { foldAndCommit } from './projections/projection.ts';
import { createStateProjection } from './projections/state.ts';
import { openReader, type Reader } from './reader.ts';
import { HISTORY_TABLES, STATE_TABLES } from './tables.ts';

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'ironlog-read-model-'));

export interface TestModel {
  readonly directory: string;
  readonly reader: Reader;
  readonly stateFile: string;
  readonly remove: () => void;
}

const EVERY_ROW = {
  vms: 'SELECT * FROM vms ORDER BY tenant, id',
  labels: 'SELECT * FROM vm_labels ORDER BY tenant, id, key',
  tenants: 'SELECT * FROM tenant_numbers ORDER BY tenant',
  text: 'SELECT term, doc FROM vm_text_terms ORDER BY doc, term',
  operations: 'SELECT * FROM operations ORDER BY tenant, id',
  hosts: 'SELECT * FROM hosts ORDER BY id',
  usage: 'SELECT * FROM usage ORDER BY tenant, vm_id, started_at',
  usageDays: 'SELECT * FROM usage_days ORDER BY tenant, day',
  quarantine: 'SELECT * FROM quarantine ORDER BY stream, sequence',
  checkpoint: 'SELECT * FROM checkpoint ORDER BY stream',
} as const;

/** All rows of a `state` file folded in batches of `size`; the projector restarts every `reopenEvery` batches. */
export const rowsOf = (log: TestLog, { size, reopenEvery }: { size: number; reopenEvery: number }) => {
  const directory = temporaryDirectory();
  const file = join(directory, 'state.1.db');
  let db = openWriter(file, STATE_TABLES);
  let projection = createStateProjection(db, log.info());
  for (let from = 0, batches = 1; from < log.entries.length; from += size, batches += 1) {
    foldAndCommit(projection, log.entries.slice(from, from + size));
    if (batches % reopenEvery !== 0) continue;
    db.close();
    db = openWriter(file, STATE_TABLES);
    projection = createStateProjection(db, log.info());
  }
  const rows = Object.fromEntries(Object.entries(EVERY_ROW).map(([name, sql]) => [name, db.prepare(sql).all()]));
  db.close();
  rmSync(directory, { recursive: true });
  return rows;
};

export const modelOf = (log: TestLog): TestModel => {
  const directory = temporaryDirectory();
  const [stateFile, historyFile] = [nextFile(directory, 'state'), nextFile(directory, 'history')];
  const state = openWriter(stateFile, STATE_TABLES);
  const history = openWriter(historyFile, HISTORY_TABLES);
  foldAndCommit(createStateProjection(state, log.info()), log.entries);
  foldAndCommit(createHistoryProjection(history, log.info()), log.entries);
  publish(directory, 'state', stateFile);
  publish(directory, 'history', historyFile);
  const reader = openReader({ directory });
  return {
    directory,
    reader,
    stateFile,
    remove: () => {
      reader.close();
      state.close();
      history.close();
      rmSync(directory, { recursive: true });
    },
  };
};
