import { commandId, tenantId, vmId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { openWriter } from '../database.ts';
import { type TestLog, testLog, timeAt } from '../lifecycle.fixture.ts';
import { createPendingProjection } from '../projections/pending.ts';
import { foldAndCommit } from '../projections/projection.ts';
import { createStateProjection } from '../projections/state.ts';
import { modelOf } from '../read-model.fixture.ts';
import type { Reader } from '../reader.ts';
import { STATE_TABLES } from '../tables.ts';
import { type Asked, commandOf, workEntry } from '../work.fixture.ts';

const acme = tenantId('acme');
const id = vmId('vm-1');

/** All that were to start by then, up to the limit. */
const LATE = { now: timeAt(60), limit: 10 };

const BOOT: Asked = { tenant: acme, vm: id, verb: 'boot', id: 'cmd-3', second: 1 };

test('a task past its deadline and a VM past its time to live are found until they end', () => {
  const log = testLog();
  const vm = log.vm(acme, id);
  vm.claim({ expiresAfterSeconds: 3600 });
  vm.append('created', 'boot');
  const model = modelOf(log);
  try {
    const found = (items: readonly { id: string }[]): string[] => items.map((item) => item.id);
    expect(found(model.reader.overdueTasks(timeAt(30)))).toEqual([]);
    expect(found(model.reader.overdueTasks(timeAt(100)))).toEqual(['vm-1']);
    expect(found(model.reader.expiredVms(timeAt(3600)))).toEqual([]);
    expect(found(model.reader.expiredVms(timeAt(3602)))).toEqual(['vm-1']);
  } finally {
    model.remove();
  }
});

/** The ids found after each entry. */
const foundIn = (log: TestLog, find: (reader: Reader) => readonly { id: string }[], asked: readonly Asked[] = []) => {
  const model = modelOf(log);
  const db = openWriter(model.stateFile, STATE_TABLES);
  try {
    const entries = asked.map((one, n) => workEntry(n + 1, one, commandOf(one)));
    foldAndCommit(createPendingProjection(db, log.info()), entries);
    return find(model.reader).map((item) => item.id);
  } finally {
    db.close();
    model.remove();
  }
};

test('recorded stuck tasks, however many, hide no other', () => {
  const log = testLog();
  const find = (reader: Reader) => reader.overdueTasks(timeAt(9999));
  for (let n = 1; n <= 1000; n += 1) {
    const vm = log.vm(acme, vmId(`stuck-${n}`));
    vm.claim();
    vm.append('stuck');
  }
  expect(foundIn(log, find)).toEqual([]);
  const vm = log.vm(acme, id);
  vm.claim();
  expect(foundIn(log, find)).toEqual(['vm-1']);
  vm.append('stuck');
  expect(foundIn(log, find)).toEqual([]);
  // Another task has its own deadline.
  vm.append('created', 'boot');
  expect(foundIn(log, find)).toEqual(['vm-1']);
});

test('VMs with a delete by recovery, or in deletion, hide no other past its time to live', () => {
  const log = testLog();
  const find = (reader: Reader) => reader.expiredVms(timeAt(99_999));
  const ids = Array.from({ length: 1000 }, (_, n) => vmId(`gone-${n + 1}`));
  for (const one of ids) log.vm(acme, one).claim({ expiresAfterSeconds: 60 });
  const deleting = log.vm(acme, vmId('deleting'));
  deleting.claim({ expiresAfterSeconds: 60 });
  deleting.append('created', 'delete');
  log.vm(acme, id).claim({ expiresAfterSeconds: 60 });
  const deletes = (door: 'http' | 'recovery'): Asked[] =>
    [...ids, id].map((vm, n) => ({ tenant: acme, vm, verb: 'delete', door, id: `cmd-delete-${n}`, second: 1 }));
  expect(foundIn(log, find, deletes('recovery').slice(0, 1000))).toEqual(['vm-1']);
  expect(foundIn(log, find, deletes('recovery'))).toEqual([]);
  // A delete by the tenant, which may be refused, does not hide the VM.
  expect(foundIn(log, find, deletes('http'))).toEqual(ids);
});

test('a command is pending until EVENTS decides it, whichever stream is read first', () => {
  const log = testLog();
  const vm = log.vm(acme, id);
  vm.claim();
  vm.append('created');
  const model = modelOf(log);
  const db = openWriter(model.stateFile, STATE_TABLES);
  try {
    // The boot's intent will be the third entry, caused by cmd-3.
    const pending = createPendingProjection(db, log.info());
    foldAndCommit(pending, [workEntry(1, BOOT, commandOf(BOOT)), workEntry(2, BOOT, { no: 'command' })]);
    expect(model.reader.operation(acme, commandId('cmd-3'))).toMatchObject({ status: 'pending', verb: 'boot' });
    expect(model.reader.overdueCommands(acme, LATE).map((command) => command.id)).toEqual(['cmd-3']);
    expect(model.reader.attention(acme, { hosts: true })).toMatchObject([{ kind: 'quarantined' }]);
    vm.append('boot');
    foldAndCommit(createStateProjection(db, log.info()), log.entries.slice(2));
    expect(model.reader.operation(acme, commandId('cmd-3'))).toMatchObject({ status: 'running' });
    expect(model.reader.overdueCommands(acme, LATE)).toEqual([]);
    foldAndCommit(pending, [workEntry(3, BOOT, commandOf(BOOT))]);
    expect(model.reader.overdueCommands(acme, LATE)).toEqual([]);
    expect(model.reader.positions()).toMatchObject({ events: 3, work: 3 });
  } finally {
    db.close();
    model.remove();
  }
});

test('a create cancelled by a delete is not pending, whichever stream is read first', () => {
  const asked: Asked = { tenant: acme, vm: id, verb: 'create', id: 'cmd-create', second: 1 };
  const [log, nobody] = [testLog(), testLog()];
  log.vm(acme, id).cancel('cmd-create');
  const ended = { verb: 'create', status: 'failed', actor: 'token-9', error: { code: 'cancelled' } };
  for (const first of ['WORK', 'EVENTS'] as const) {
    const model = modelOf(first === 'WORK' ? nobody : log);
    const db = openWriter(model.stateFile, STATE_TABLES);
    try {
      foldAndCommit(createPendingProjection(db, log.info()), [workEntry(1, asked, commandOf(asked))]);
      if (first === 'WORK') foldAndCommit(createStateProjection(db, log.info()), log.entries);
      expect(model.reader.operation(acme, commandId('cmd-create')), first).toMatchObject(ended);
      const listed = model.reader.operations(acme, { limit: 10 })?.items ?? [];
      expect(listed.map(({ status }) => status).toSorted(), first).toEqual(['failed', 'succeeded']);
      expect(model.reader.overdueCommands(acme, LATE), first).toEqual([]);
    } finally {
      db.close();
      model.remove();
    }
  }
});

test('late commands are read per tenant, each after a position', () => {
  const model = modelOf(testLog());
  const db = openWriter(model.stateFile, STATE_TABLES);
  try {
    const other = tenantId('other');
    const asked = (tenant: typeof acme, n: number, second: number): Asked => ({
      ...BOOT,
      tenant,
      id: `cmd-${n}`,
      second,
    });
    const all = [
      asked(other, 1, 1),
      asked(acme, 2, 9),
      asked(acme, 3, 5),
      asked(acme, 4, 9),
      asked(tenantId('soon'), 5, 50),
    ];
    const entries = all.map((one, n) => workEntry(n + 1, one, commandOf(one)));
    foldAndCommit(createPendingProjection(db, testLog().info()), entries);
    const { reader } = model;
    const ids = (tenant: typeof acme, range: Partial<Parameters<typeof reader.overdueCommands>[1]> = {}): string[] =>
      reader.overdueCommands(tenant, { ...LATE, ...range }).map(({ id: command }) => command);
    expect(reader.overdueTenants(timeAt(60))).toEqual(['acme', 'other']);
    expect(reader.overdueTenants(timeAt(36))).toEqual(['acme', 'other']);
    expect(reader.overdueTenants(timeAt(35))).toEqual(['other']);
    expect(reader.overdueTenants(timeAt(0))).toEqual([]);
    expect(ids(acme)).toEqual(['cmd-3', 'cmd-2', 'cmd-4']);
    expect(ids(acme, { limit: 2 })).toEqual(['cmd-3', 'cmd-2']);
    expect(ids(acme, { after: { startBy: timeAt(39), id: commandId('cmd-2') } })).toEqual(['cmd-4']);
    expect(ids(other)).toEqual(['cmd-1']);
    expect(ids(tenantId('nobody'))).toEqual([]);
  } finally {
    db.close();
    model.remove();
  }
});
