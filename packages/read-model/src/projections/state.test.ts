import { tenantId, vmEventSubject, vmId } from '@ironlog/schemas';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOST, testLog } from '../lifecycle.fixture.ts';
import { modelOf, rowsOf } from '../read-model.fixture.ts';

const acme = tenantId('acme');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const busyLog = () => {
  const log = testLog();
  for (let n = 1; n <= 8; n += 1) {
    const vm = log.vm(n % 2 === 0 ? acme : tenantId('other'), vmId(`vm-${n}`));
    // Invalid entries of a VM without a row yet, and of one with a row.
    log.store(vmEventSubject(acme, vmId(`vm-${n}`), HOST, 'booted'), bytes('not json'));
    if (n % 3 === 1) vm.append('expired');
    vm.claim({ labels: { tier: `t${n % 3}` } });
    vm.append('created', 'boot', 'booted');
    log.store(vmEventSubject(acme, vmId(`vm-${n}`), HOST, 'booted'), bytes('{}'));
    if (n % 3 === 0) vm.append('crashed');
    if (n % 4 === 0) vm.append('stopped', 'delete', 'deleted');
  }
  return log;
};

test('a rebuild in one batch gives the rows of any incremental fold, restarts included (I6, P7)', () => {
  const log = busyLog();
  const rebuilt = rowsOf(log, { size: log.entries.length, reopenEvery: 1000 });
  expect(rebuilt.vms).toHaveLength(8);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), (size, reopenEvery) => {
      expect(rowsOf(log, { size, reopenEvery })).toEqual(rebuilt);
    }),
    { numRuns: 12 },
  );
});

test('many rows in several statements equal the rows written one by one', () => {
  const log = testLog();
  const vms = Array.from({ length: 37 }, (_, n) => log.vm(acme, vmId(`vm-${n}`)));
  for (const vm of vms) vm.claim({ labels: { tier: 'web', release: '42' } });
  for (const vm of vms) vm.append('created', 'boot', 'booted');
  for (const vm of vms.slice(0, 19)) vm.append('crashed');
  const rows = rowsOf(log, { size: log.entries.length, reopenEvery: 1000 });
  expect(rows.vms).toHaveLength(37);
  expect(rows.labels).toHaveLength(74);
  expect(rows.operations).toHaveLength(74);
  expect(rows.usage).toHaveLength(37);
  expect(rowsOf(log, { size: 1, reopenEvery: 1000 })).toEqual(rows);
  expect(rowsOf(log, { size: 50, reopenEvery: 1 })).toEqual(rows);
});

test('events of a deleted VM, which is not kept in memory, are folded the same way', () => {
  const log = testLog();
  const vm = log.vm(acme, vmId('vm-1'));
  vm.claim({ labels: { tier: 'web' } });
  vm.append('created', 'delete', 'deleted');
  const last = log.entries.at(-1);
  if (!last) throw new Error('there is no event');
  // An invalid entry moves its sequence, and a second `deleted` is ignored.
  log.store(last.subject, bytes('not json'));
  log.store(last.subject, last.bytes);
  const rows = rowsOf(log, { size: 1, reopenEvery: 1000 });
  const body = expect.stringMatching(/"revision":4,.*"sequence":6}$/);
  expect(rows.vms).toMatchObject([{ id: 'vm-1', state: 'deleted', created_sequence: 1, body }]);
  expect(rows.quarantine).toMatchObject([{ sequence: 5 }, { sequence: 6 }]);
  expect(rowsOf(log, { size: 6, reopenEvery: 1000 })).toEqual(rows);
});

test('a valid event that the fold ignores makes no row, and does not set createdAt of a later VM', () => {
  const log = testLog();
  const vm = log.vm(acme, vmId('vm-1'));
  const otherLog = testLog();
  otherLog.vm(acme, vmId('vm-1')).claim();
  const [first] = otherLog.entries;
  if (!first) throw new Error('there is no event');
  // Written by another host than the data names: valid, but ignored.
  const parsed = JSON.parse(new TextDecoder().decode(first.bytes));
  log.store(first.subject, bytes(JSON.stringify({ ...parsed, revision: 7 })));
  vm.claim();
  const rows = rowsOf(log, { size: 1, reopenEvery: 1 });
  expect(rows.vms).toMatchObject([{ id: 'vm-1', created_sequence: 2 }]);
  expect(rows.quarantine).toMatchObject([{ sequence: 1 }]);
  expect(rowsOf(log, { size: 2, reopenEvery: 10 })).toEqual(rows);
});

test('a VM whose id an expired create had used is found by its labels, and is listed by its claim', () => {
  const log = testLog();
  const vm = log.vm(acme, vmId('vm-1'));
  vm.append('expired');
  log.vm(acme, vmId('vm-2')).claim();
  vm.claim({ labels: { tier: 'web' } });
  const rows = rowsOf(log, { size: 1, reopenEvery: 1000 });
  expect(rows.labels).toEqual([{ tenant: 'acme', key: 'tier', value: 'web', scope: 0, id: 'vm-1' }]);
  expect(rows.vms).toMatchObject([
    { id: 'vm-1', created_sequence: 3 },
    { id: 'vm-2', created_sequence: 2 },
  ]);
  expect(rowsOf(log, { size: 3, reopenEvery: 1000 })).toEqual(rows);
  expect(rowsOf(log, { size: 1, reopenEvery: 1 })).toEqual(rows);
});

test("an invalid entry is kept by sequence, subject, reason and size, moves its VM's sequence, and needs attention (I14)", () => {
  const log = testLog();
  const vm = log.vm(acme, vmId('vm-1'));
  vm.claim();
  const subject = vmEventSubject(acme, vmId('vm-1'), HOST, 'booted');
  log.store(subject, bytes('{"half":'));
  log.store('ironlog.evt.nonsense', bytes('x'));
  const model = modelOf(log);
  try {
    expect(rowsOf(log, { size: 10, reopenEvery: 10 }).quarantine).toMatchObject([
      { stream: 'EVENTS', sequence: 2, subject, bytes: 8, reason: expect.stringContaining('not JSON') },
      { stream: 'EVENTS', sequence: 3, subject: 'ironlog.evt.nonsense', bytes: 1 },
    ]);
    expect(model.reader.vm(acme, vmId('vm-1'))).toMatchObject({ revision: 1, sequence: 2 });
    expect(model.reader.attention(acme, { hosts: true }).map(({ kind }) => kind)).toEqual([
      'quarantined',
      'quarantined',
    ]);
    const reasons = (tenant: typeof acme, hosts: boolean) =>
      model.reader.attention(tenant, { hosts }).map(({ reason }) => reason.split(':')[0]);
    expect(reasons(acme, false)).toEqual([`EVENTS 2 on ${subject}`]);
    // Another tenant's entry is not shown, whatever the role (P9).
    expect(reasons(tenantId('other'), true)).toEqual(['EVENTS 3 on ironlog.evt.nonsense']);
  } finally {
    model.remove();
  }
});
