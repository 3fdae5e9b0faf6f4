// Every filter, and any of them together, against the same said of each VM by itself.
import { hostId, tenantId, VM_STATES, type VmView, vmId } from '@ironlog/schemas';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { openWriter } from '../../database.ts';
import { testLog } from '../../lifecycle.fixture.ts';
import { createPendingProjection } from '../../projections/pending.ts';
import { foldAndCommit } from '../../projections/projection.ts';
import { modelOf, type TestModel } from '../../read-model.fixture.ts';
import { STATE_TABLES } from '../../tables.ts';
import { type Asked, commandOf, workEntry } from '../../work.fixture.ts';
import type { VmListing } from './vm-listing.ts';

const acme = tenantId('acme');
const other = tenantId('other');
const NAMES = ['Front "one"', 'front two', 'Über', 'b', 'ab', '日本語', undefined];
const TIERS = ['web', 'db'];
let model: TestModel | undefined;
afterEach(() => {
  model?.remove();
  model = undefined;
});

type Filter = Pick<VmListing, 'state' | 'host' | 'labels' | 'q' | 'includeDeleted'>;

/** All pages; none is longer than asked for. */
const listed = (filter: Filter, limit: number): { ids: string[]; pages: number } => {
  const ids: string[] = [];
  let pages = 0;
  for (let cursor: string | null | undefined; cursor !== null; pages += 1) {
    const page = model?.reader.vms(acme, { ...filter, limit, cursor });
    if (!page) throw new Error(`${cursor} is refused`);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return { ids, pages };
};

const matches = ({ id, name, state, host, spec }: VmView, filter: Filter): boolean =>
  (filter.state === undefined ? state !== 'deleted' || filter.includeDeleted : state === filter.state) &&
  (filter.host === undefined || host === filter.host) &&
  Object.entries(filter.labels ?? {}).every(([key, value]) => spec?.labels[key] === value) &&
  (filter.q === undefined ||
    name.toLowerCase().includes(filter.q.toLowerCase()) ||
    id.includes(filter.q.toLowerCase()));

/** VMs of two tenants in several states, a third of them deleted; some are only asked for. */
const someVms = (): void => {
  const log = testLog();
  for (let n = 0; n < 70; n += 1)
    for (const tenant of [acme, other]) {
      const name = NAMES[n % NAMES.length];
      const labels = { tier: TIERS[n % 2] ?? '', n: String(n % 5) };
      const vm = log.vm(tenant, vmId(`vm-${(n * 37) % 100}`));
      vm.claim({ ...(name !== undefined && { name }), labels });
      if (n % 4 > 0) vm.append('created');
      if (n % 4 > 1) vm.append('boot', 'booted');
      if (n % 4 > 2) vm.append('crashed');
      if (n % 3 === 0) vm.append(...(n % 4 > 0 ? [] : (['created'] as const)), 'delete', 'deleted');
    }
  model = modelOf(log);
  const db = openWriter(model.stateFile, STATE_TABLES);
  const entries = NAMES.map((name, n) => {
    const spec = { ...(name !== undefined && { name }), labels: { tier: TIERS[n % 2] ?? '' } };
    const asked: Asked = {
      tenant: acme,
      vm: vmId(`new-${n}`),
      verb: 'create',
      params: { spec },
      id: `cmd-new-${n}`,
      second: n,
    };
    return workEntry(n + 1, asked, commandOf(asked));
  });
  foldAndCommit(createPendingProjection(db, log.info()), entries);
  db.close();
};

const part = fc
  .tuple(fc.constantFrom(...NAMES.map((name) => name ?? 'vm-12'), 'vm-3', 'new-', 'none such'), fc.nat(8), fc.nat(9))
  .map(([text, from, length]) => text.slice(from, from + length));
const label = fc.constantFrom({ tier: 'web' }, { tier: 'db', n: '2' }, { n: '3' }, { tier: 'nothing' });

test('whatever is asked for together, each VM is listed that matches all of it, once and in order', () => {
  someVms();
  const everything = model?.reader.vms(acme, { includeDeleted: true, limit: 500 })?.items ?? [];
  expect(everything).toHaveLength(77);
  const filter = fc.record(
    {
      state: fc.constantFrom(...VM_STATES),
      host: fc.constantFrom(hostId('host-1'), hostId('host-2')),
      labels: label,
      q: fc.oneof(part, fc.string({ maxLength: 4 })),
      includeDeleted: fc.boolean(),
    },
    { requiredKeys: ['includeDeleted'] },
  );
  fc.assert(
    fc.property(filter, fc.integer({ min: 1, max: 30 }), (asked, limit) => {
      const wanted: Filter = asked;
      const expected = everything.filter((vm) => matches(vm, wanted)).map(({ id }) => id);
      expect(listed(wanted, limit).ids).toEqual(expected);
    }),
    { numRuns: 1500 },
  );
});

test('filters that meet in few of very many VMs are looked through in pages of bounded work, and miss none', () => {
  const log = testLog();
  const many = 6000;
  for (let n = 0; n < many; n += 1) {
    const vm = log.vm(acme, vmId(`vm-${String(n).padStart(5, '0')}`));
    // The two meet once, at the end.
    vm.claim({
      name: n === many - 1 ? 'needle' : 'front',
      labels: n % 2 === 0 ? { tier: 'web' } : { tier: 'db', odd: 'yes' },
    });
    if (n % 2 === 0 || n === many - 1) vm.append('created');
  }
  model = modelOf(log);
  const found = (filter: Omit<Filter, 'includeDeleted'>) => listed({ ...filter, includeDeleted: false }, 100);
  const meeting = found({ labels: { odd: 'yes' }, state: 'created' });
  expect(meeting.ids).toEqual(['vm-05999']);
  expect(meeting.pages).toBeGreaterThan(1);
  expect(found({ labels: { tier: 'web', odd: 'yes' } }).ids).toEqual([]);
  // One filter alone, and what few match, take one page.
  expect(found({ q: 'needle', state: 'created' })).toEqual({ ids: ['vm-05999'], pages: 1 });
  expect(found({ q: 'zz', labels: { tier: 'web' } })).toEqual({ ids: [], pages: 1 });
  expect(found({ state: 'failed', q: 'front' })).toEqual({ ids: [], pages: 1 });
  expect(found({ q: '05998' })).toEqual({ ids: ['vm-05998'], pages: 1 });
});
