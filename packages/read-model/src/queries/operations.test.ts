import { type OperationStatus, tenantId, vmId } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLog } from '../lifecycle.fixture.ts';
import { modelOf, type TestModel } from '../read-model.fixture.ts';

const acme = tenantId('acme');
let model: TestModel;

/**
 * The command with each number causes the entry: cmd-1 and cmd-3 of vm-1, cmd-5 and cmd-7 of vm-2, cmd-9 of another tenant's
 * vm-1.
 */
beforeAll(() => {
  const log = testLog();
  const [first, second] = [log.vm(acme, vmId('vm-1')), log.vm(acme, vmId('vm-2'))];
  first.claim();
  first.append('created', 'boot', 'booted');
  second.claim();
  second.append('created', 'boot', 'crashed');
  log.vm(tenantId('other'), vmId('vm-1')).claim();
  model = modelOf(log);
});
afterAll(() => model.remove());

const pages = (filters: { vmId?: string; status?: OperationStatus }): string[] => {
  const ids: string[] = [];
  const { vmId: vm, ...rest } = filters;
  for (let cursor: string | undefined | null; cursor !== null; ) {
    const of = vm === undefined ? {} : { vmId: vmId(vm) };
    const page = model.reader.operations(acme, { ...rest, ...of, limit: 1, cursor });
    if (!page) throw new Error(`${cursor} is refused`);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return ids;
};

test('operations are found by VM, by status and by both, page by page', () => {
  expect(pages({})).toEqual(['cmd-1', 'cmd-3', 'cmd-5', 'cmd-7']);
  expect(pages({ vmId: 'vm-1' })).toEqual(['cmd-1', 'cmd-3']);
  expect(pages({ status: 'succeeded' })).toEqual(['cmd-1', 'cmd-3', 'cmd-5']);
  expect(pages({ status: 'failed' })).toEqual(['cmd-7']);
  expect(pages({ status: 'running' })).toEqual([]);
  expect(pages({ vmId: 'vm-2', status: 'succeeded' })).toEqual(['cmd-5']);
  expect(pages({ vmId: 'vm-2', status: 'failed' })).toEqual(['cmd-7']);
  expect(pages({ vmId: 'vm-1', status: 'failed' })).toEqual([]);
});
