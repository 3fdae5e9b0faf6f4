import { tenantId, vmId } from '@ironlog/schemas';
import { afterEach, expect, test } from 'vitest';
import { openWriter } from '../database.ts';
import { testLog, timeAt } from '../lifecycle.fixture.ts';
import { createPendingProjection } from '../projections/pending.ts';
import { foldAndCommit } from '../projections/projection.ts';
import { modelOf, type TestModel } from '../read-model.fixture.ts';
import { STATE_TABLES } from '../tables.ts';
import { commandOf, workEntry } from '../work.fixture.ts';
import { DUE_RESTARTS } from './due-restarts.ts';

const acme = tenantId('acme');
const ALWAYS = { restart: { policy: 'always', backoffMs: 3000 } };
let model: TestModel | undefined;
afterEach(() => {
  model?.remove();
  model = undefined;
});

const due = (second: number) => model?.reader.dueRestarts(timeAt(second)).map(({ id }) => id);

test('a guest that stopped by itself is due after its backoff, under always only', () => {
  const log = testLog();
  for (const [id, spec] of [
    ['vm-1', ALWAYS],
    ['vm-2', { restart: { policy: 'on-failure' } }],
    ['vm-3', ALWAYS],
  ] as const) {
    const vm = log.vm(acme, vmId(id));
    vm.claim(spec);
    vm.append('created', 'boot', 'booted', 'stopped');
    if (id === 'vm-3') vm.append('delete', 'deleted');
  }
  model = modelOf(log);
  // It stopped in second 5.
  expect([due(7), due(8)]).toEqual([[], ['vm-1']]);
});

test('it is not due while a command for it is pending, nor after its boot has begun', () => {
  const log = testLog();
  const vm = log.vm(acme, vmId('vm-1'));
  vm.claim(ALWAYS);
  vm.append('created', 'boot', 'booted', 'stopped');
  model = modelOf(log);
  expect(due(99)).toEqual(['vm-1']);
  const db = openWriter(model.stateFile, STATE_TABLES);
  const asked = { tenant: acme, vm: vmId('vm-1'), verb: 'boot', id: 'cmd-6', second: 6 } as const;
  foldAndCommit(createPendingProjection(db, log.info()), [workEntry(1, asked, commandOf(asked))]);
  db.close();
  expect(due(99)).toEqual([]);
  vm.append('boot');
  model.remove();
  model = modelOf(log);
  expect(due(99)).toEqual([]);
});

test('it is found by an index with no other rows, however many VMs there are', () => {
  model = modelOf(testLog());
  const db = openWriter(model.stateFile, STATE_TABLES);
  const plan = db.prepare<[string], { detail: string }>(`EXPLAIN QUERY PLAN ${DUE_RESTARTS}`).all(timeAt(1));
  db.close();
  expect(plan.map(({ detail }) => detail)).toEqual([
    'SEARCH vms USING INDEX vms_restart (restart_at<?)',
    'CORRELATED SCALAR SUBQUERY 1',
    'SEARCH asked USING COVERING INDEX pending_by_vm (tenant=? AND vm_id=?)',
  ]);
});
