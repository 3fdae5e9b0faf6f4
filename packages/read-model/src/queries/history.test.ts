import { tenantId, vmId } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLog, timeAt } from '../lifecycle.fixture.ts';
import { modelOf, type TestModel } from '../read-model.fixture.ts';
import type { UsageListing } from './usage.ts';

const acme = tenantId('acme');
const id = vmId('vm-1');
let model: TestModel;

// Sequences, and seconds: 1 claimed, 2 created, 3 another's, 4 boot, 5 booted, 6 crashed, 7 boot, 8 booted.
beforeAll(() => {
  const log = testLog();
  const vm = log.vm(acme, id);
  vm.claim({ cpus: 2, memoryMiB: 256 });
  vm.append('created');
  log.vm(tenantId('other'), id).claim();
  vm.append('boot', 'booted', 'crashed', 'boot', 'booted');
  model = modelOf(log);
});
afterAll(() => model.remove());

test('a VM is returned as of a sequence or a time', () => {
  const { reader } = model;
  expect(reader.vmThen(acme, id, { sequence: 2 })?.state).toBe('created');
  expect(reader.vmThen(acme, id, { sequence: 5 })).toMatchObject({ state: 'running', epoch: 1 });
  expect(reader.vmThen(acme, id, { at: timeAt(5) })).toEqual(reader.vmThen(acme, id, { sequence: 5 }));
  expect(reader.vmThen(acme, id, { sequence: 8 })).toEqual(reader.vm(acme, id));
  expect(reader.vmThen(acme, id, { at: timeAt(0) })).toBeUndefined();
});

test("events come in order after a sequence, without another tenant's", () => {
  const { reader } = model;
  const sequences = reader.history(acme, { after: 1, limit: 3 }).map(({ sequence }) => sequence);
  expect(sequences).toEqual([2, 4, 5]);
  expect(reader.vmEvents(acme, id, { after: 5, limit: 9 }).map(({ sequence }) => sequence)).toEqual([6, 7, 8]);
});

test('usage is the sum of the intervals within the range: no overlap, nothing negative (I8)', () => {
  const now = timeAt(20);
  const usage = (range: Partial<UsageListing>) =>
    model.reader.usage(acme, { by: 'vm', limit: 10, ...range }, now)?.items;
  const ran = { runningSeconds: 13, cpuSeconds: 26, memoryMiBSeconds: 13 * 256 };
  expect(usage({})).toEqual([{ vmId: id, ...ran, running: true }]);
  expect(usage({ by: 'day' })).toEqual([{ day: '2026-01-01', ...ran }]);
  expect(usage({ by: 'tenant' })).toEqual([{ tenant: acme, ...ran }]);
  expect(usage({ from: timeAt(5), to: timeAt(10) })).toMatchObject([{ runningSeconds: 3 }]);
  expect(usage({ from: timeAt(6), to: timeAt(7) })).toEqual([]);
});
