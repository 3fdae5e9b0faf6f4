import { commandId, hostId, tenantId, type VmId, vmId } from '@ironlog/schemas';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReadOnly } from '../../database.ts';
import { testLog } from '../../lifecycle.fixture.ts';
import { modelOf, type TestModel } from '../../read-model.fixture.ts';

const acme = tenantId('acme');
const other = tenantId('other');
const page = { includeDeleted: false, limit: 100 };
let model: TestModel;

beforeAll(() => {
  const log = testLog();
  for (let n = 1; n <= 5; n += 1) {
    const vm = log.vm(acme, vmId(`vm-${n}`));
    vm.claim({ name: `web ${n}`, labels: { tier: n < 3 ? 'front' : 'back', n: String(n) } });
    vm.append('created');
    if (n === 2) vm.append('boot', 'booted');
    if (n === 5) vm.append('delete', 'deleted');
    log.vm(other, vmId(`vm-${n}`)).claim({ labels: { tier: 'front' } });
  }
  model = modelOf(log);
});
afterAll(() => model.remove());

const ids = (listing: object): string[] =>
  model.reader.vms(acme, { ...page, ...listing })?.items.map(({ id }) => id) ?? [];

test('each filter narrows the list, also combined', () => {
  expect(ids({})).toEqual(['vm-1', 'vm-2', 'vm-3', 'vm-4']);
  expect(ids({ includeDeleted: true })).toHaveLength(5);
  expect(ids({ state: 'running' })).toEqual(['vm-2']);
  expect(ids({ labels: { tier: 'front' } })).toEqual(['vm-1', 'vm-2']);
  expect(ids({ labels: { tier: 'front', n: '2' } })).toEqual(['vm-2']);
  expect(ids({ q: 'WEB 3' })).toEqual(['vm-3']);
  expect(ids({ host: 'host-2' })).toEqual([]);
});

test('pages neither repeat nor miss a VM, and a foreign cursor is refused', () => {
  const seen: VmId[] = [];
  let cursor: string | undefined;
  do {
    const listed = model.reader.vms(acme, { ...page, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...(listed?.items.map(({ id }) => id) ?? []));
    cursor = listed?.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(['vm-1', 'vm-2', 'vm-3', 'vm-4']);
  expect(model.reader.vms(acme, { ...page, cursor: 'b3RoZXI' })).toBeUndefined();
});

const hostile = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "' OR 1=1 --",
    '"; DROP TABLE vms; --',
    '%',
    '_',
    '\\',
    '\0',
    "'); DELETE FROM operations; --",
    '{"a":1}',
    '@tenant',
    "acme' UNION SELECT * FROM vms --",
  ),
);

/** Bypasses the types, like a gap in the schemas before the query. */
const forced = <T>(text: string): T => text as unknown as T;

const schemaOf = (file: string): unknown[] => {
  const db = openReadOnly(file);
  try {
    return db.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();
  } finally {
    db.close();
  }
};

test('SQL in any filter finds nothing of another tenant and changes no table (P9)', () => {
  const schema = schemaOf(model.stateFile);
  const everything = model.reader.vms(other, page);
  fc.assert(
    fc.property(hostile, hostile, hostile, (a, b, c) => {
      const { reader } = model;
      const found = [
        reader.vms(acme, { ...page, q: a }),
        reader.vms(acme, { ...page, labels: { [b]: c, tier: a } }),
        reader.vms(acme, { ...page, state: forced(a), host: forced(b) }),
        reader.vms(acme, { ...page, cursor: c }),
      ];
      for (const listed of found) for (const { tenant } of listed?.items ?? []) expect(tenant).toBe('acme');
      expect(reader.vms(forced(a), page)?.items).toEqual([]);
      expect(reader.vm(forced(a), forced(b))).toBeUndefined();
      expect(reader.operation(forced(b), forced(c))).toBeUndefined();
      expect(
        reader.operations(acme, { limit: 10, vmId: forced(a), status: forced(b), cursor: c })?.items ?? [],
      ).toEqual([]);
      expect(
        reader.usage(acme, { by: 'vm', limit: 10, from: a, to: b, vmId: forced(c) }, '2026-02-01T00:00:00.000Z')?.items,
      ).toEqual([]);
      expect(reader.usage(forced(a), { by: 'day', limit: 10 }, '2026-02-01T00:00:00.000Z')?.items).toEqual([]);
      expect(reader.vmEvents(forced(a), forced(b), { after: 0, limit: 10 })).toEqual([]);
      expect(reader.vmLocation(forced(a), forced(b))).toBeUndefined();
      expect(reader.attention(forced(a), { hosts: false })).toEqual([]);
    }),
    { numRuns: 300 },
  );
  expect(schemaOf(model.stateFile)).toEqual(schema);
  expect(model.reader.vms(other, page)).toEqual(everything);
});

test("a tenant cannot read another's data by its id", () => {
  expect(model.reader.vm(tenantId('third'), vmId('vm-1'))).toBeUndefined();
  expect(model.reader.operation(other, commandId('cmd-1'))).toBeUndefined();
  expect(model.reader.vmLocation(acme, vmId('vm-1'))).toEqual({ kind: 'owned', host: hostId('host-1') });
});
