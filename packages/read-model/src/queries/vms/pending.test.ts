import { tenantId, type VmId, vmId } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openWriter } from '../../database.ts';
import { testLog } from '../../lifecycle.fixture.ts';
import { createPendingProjection } from '../../projections/pending.ts';
import { foldAndCommit } from '../../projections/projection.ts';
import { createStateProjection } from '../../projections/state.ts';
import { modelOf, type TestModel } from '../../read-model.fixture.ts';
import { STATE_TABLES } from '../../tables.ts';
import { type Asked, commandOf, workEntry } from '../../work.fixture.ts';

const acme = tenantId('acme');
const other = tenantId('other');
let model: TestModel;

/** Two claimed VMs, one with a pending boot; three pending creates by acme, one by another tenant. */
beforeAll(() => {
  const log = testLog();
  for (const id of ['vm-1', 'vm-2']) log.vm(acme, vmId(id)).claim();
  model = modelOf(log);
  const db = openWriter(model.stateFile, STATE_TABLES);
  const create = (tenant: typeof acme, vm: VmId, n: number, spec: object): Asked => ({
    tenant,
    vm,
    verb: 'create',
    params: { spec },
    id: `cmd-create-${n}`,
    second: n,
  });
  const asked: Asked[] = [
    create(acme, vmId('new-1'), 1, { name: 'Front door', labels: { tier: 'web' } }),
    create(other, vmId('new-1'), 2, {}),
    { tenant: acme, vm: vmId('vm-1'), verb: 'boot', id: 'cmd-boot', second: 3 },
    create(acme, vmId('new-2'), 4, {}),
    create(acme, vmId('new-3'), 5, { labels: { tier: 'web' } }),
    // It is already claimed; this copy of the command comes late.
    create(acme, vmId('vm-2'), 6, {}),
  ];
  const entries = asked.map((one, index) => workEntry(index + 1, one, commandOf(one)));
  foldAndCommit(createPendingProjection(db, log.info()), entries);
  db.close();
});
afterAll(() => model.remove());

const vms = (listing: object = {}) => model.reader.vms(acme, { includeDeleted: false, limit: 100, ...listing });
const ids = (listing: object): string[] => vms(listing)?.items.map(({ id }) => id) ?? [];

/** The ids of all pages, in order. */
const pages = <Item extends { id: string }>(
  read: (cursor: string | undefined) => { items: readonly Item[]; nextCursor: string | null } | undefined,
): string[][] => {
  const all: string[][] = [];
  for (let cursor: string | null | undefined; cursor !== null && all.length < 20; ) {
    const page = read(cursor);
    if (!page) throw new Error(`${cursor} is refused`);
    all.push(page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return all;
};

test('VMs that no host has claimed are listed among those that one has, with what was asked for', () => {
  expect(ids({})).toEqual(['new-1', 'new-2', 'new-3', 'vm-1', 'vm-2']);
  expect(vms()?.items[0]).toMatchObject({
    name: 'Front door',
    state: 'pending',
    host: null,
    allowedActions: ['delete'],
  });
  expect(model.reader.vms(other, { includeDeleted: false, limit: 100 })?.items.map(({ id }) => id)).toEqual(['new-1']);
});

test('every filter applies to them, too', () => {
  expect(ids({ labels: { tier: 'web' } })).toEqual(['new-1', 'new-3']);
  expect(ids({ q: 'FRONT' })).toEqual(['new-1']);
  expect(ids({ state: 'running' })).toEqual([]);
  expect(ids({ host: 'host-1', q: 'new' })).toEqual([]);
});

test.each([1, 2, 3, 4, 5])('pages of %i neither repeat nor miss one', (limit) => {
  const listed = pages((cursor) => vms({ limit, cursor }));
  expect(listed.flat()).toEqual(['new-1', 'new-2', 'new-3', 'vm-1', 'vm-2']);
  expect(listed.every((page) => page.length <= limit)).toBe(true);
  const operations = pages((cursor) => model.reader.operations(acme, { limit, cursor }));
  expect(operations.flat().slice(-5)).toEqual([
    'cmd-create-1',
    'cmd-boot',
    'cmd-create-4',
    'cmd-create-5',
    'cmd-create-6',
  ]);
  expect(new Set(operations.flat()).size).toBe(operations.flat().length);
});

/** A read model that is read while the log grows. WORK has a create of each VM; an earlier create of `expired` has expired. */
const growing = (vmIds: readonly string[], expired?: string) => {
  const log = testLog();
  log.vm(acme, vmId('vm-1')).claim();
  const again = expired === undefined ? undefined : log.vm(acme, vmId(expired));
  again?.append('expired');
  const grown = modelOf(log);
  const db = openWriter(grown.stateFile, STATE_TABLES);
  onTestFinished(() => {
    db.close();
    grown.remove();
  });
  const state = createStateProjection(db, log.info());
  // An entry of the log is caused by the command of its number: here the claims, in the order of the creates.
  const next = log.entries.length + 1;
  const asked = vmIds.map(
    (id, n): Asked => ({ tenant: acme, vm: vmId(id), verb: 'create', id: `cmd-${next + n}`, second: 1 }),
  );
  const entries = asked.map((one, n) => workEntry(n + 1, one, commandOf(one)));
  foldAndCommit(createPendingProjection(db, log.info()), entries);
  const claim = (id: string): void => {
    (id === expired && again ? again : log.vm(acme, vmId(id))).claim();
    foldAndCommit(state, log.entries.slice(state.checkpoint().sequence));
  };
  return { claim, reader: grown.reader };
};

test('a VM whose id an expired create had used is listed while it waits', () => {
  const { reader } = growing(['new-1'], 'new-1');
  expect(reader.vms(acme, { includeDeleted: true, limit: 10 })?.items.map(({ id }) => id)).toEqual(['new-1', 'vm-1']);
});

test.each([1, 2, 3, 10])('a VM with two creates is listed once, in pages of %i', (limit) => {
  const { reader } = growing(['new-1', 'new-2', 'new-1', 'new-3', 'new-2']);
  const listed = pages((cursor) => reader.vms(acme, { includeDeleted: false, limit, cursor }));
  expect(listed.flat()).toEqual(['new-1', 'new-2', 'new-3', 'vm-1']);
});

test.each(['vms', 'operations'] as const)(
  'what is claimed between two pages of %s is on one of those after',
  (list) => {
    const { claim, reader } = growing(['new-2', 'new-3', 'new-4']);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page =
        list === 'vms'
          ? reader.vms(acme, { includeDeleted: false, limit: 2, cursor })
          : reader.operations(acme, { limit: 2, cursor });
      if (!page) throw new Error(`${cursor} is refused`);
      seen.push(...page.items.map((item) => ('vmId' in item ? String(item.vmId) : item.id)));
      cursor = page.nextCursor;
      if (seen.length > 2) continue;
      // One that has been shown, and one that has not.
      for (const id of ['new-2', 'new-3']) claim(id);
    }
    expect(new Set(seen)).toEqual(new Set(['vm-1', 'new-2', 'new-3', 'new-4']));
  },
);

test('a VM that an expired create had kept a place for is not skipped when it is claimed between two pages', () => {
  const { claim, reader } = growing(['new-1', 'new-2'], 'new-2');
  claim('new-1');
  const page = reader.vms(acme, { includeDeleted: false, limit: 1 });
  expect(page?.items.map(({ id }) => id)).toEqual(['new-1']);
  claim('new-2');
  const next = reader.vms(acme, { includeDeleted: false, limit: 1, cursor: page?.nextCursor ?? '' });
  expect(next?.items).toMatchObject([{ id: 'new-2', host: 'host-1' }]);
});

test('a cursor of one list is refused by another', () => {
  const cursor = vms({ limit: 1 })?.nextCursor ?? '';
  expect(vms({ limit: 1, cursor })?.items).toHaveLength(1);
  expect(model.reader.operations(acme, { limit: 1, cursor })).toBeUndefined();
  const ofOperations = model.reader.operations(acme, { limit: 1 })?.nextCursor ?? '';
  expect(model.reader.operations(acme, { limit: 1, cursor: ofOperations })?.items).toHaveLength(1);
  expect(vms({ cursor: ofOperations })).toBeUndefined();
});

test('a filter with few matches among very many rows finds them all', () => {
  const many = Array.from({ length: 1200 }, (_, n) => `new-${n}`);
  const { reader } = growing([...many, 'last']);
  expect(reader.vms(acme, { includeDeleted: false, limit: 10, q: 'last' })?.items).toHaveLength(1);
});
