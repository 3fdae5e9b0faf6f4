// Usage over days: the stored sums of each day, compared with the intervals.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { initialVm, type Vm } from '@ironlog/domain';
import { tenantId, type UsageItem, vmId, vmSpecSchema } from '@ironlog/schemas';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Db, openWriter } from '../database.ts';
import { UsageRows } from '../projections/usage.ts';
import { temporaryDirectory } from '../read-model.fixture.ts';
import { STATE_TABLES } from '../tables.ts';
import { DAY_MS, dayOf } from '../usage-day.ts';
import { prepareUsage, type UsageListing } from './usage.ts';

const acme = tenantId('acme');
const START = Date.parse('2026-01-01T00:00:00.000Z');
const DAYS = 6;
const timeAt = (ms: number): string => new Date(START + ms).toISOString();
const NOW = timeAt(DAYS * DAY_MS - 12_345);

interface Turned {
  readonly at: number;
  readonly id: string;
}
const SPECS = ['a', 'b', 'c', 'd'].map((id, n) => ({ id: `vm-${id}`, cpus: n + 1, memoryMiB: 128 * (n + 1) }));

/** Each change starts or stops its VM; `commitEvery` of them are written together. */
const fold = (db: Db, turns: readonly Turned[], commitEvery: number): void => {
  const rows = new UsageRows(db);
  const vms = new Map<string, Vm>();
  const commit = db.transaction(() => rows.write());
  turns.forEach(({ at, id }, n) => {
    const spec = vmSpecSchema.parse(SPECS.map(({ id: _, ...rest }) => rest)[SPECS.findIndex((each) => each.id === id)]);
    const before = vms.get(id) ?? { ...initialVm(acme, vmId(id)), spec };
    const time = timeAt(at);
    const after: Vm = { ...before, updatedAt: time, runningSince: before.runningSince === null ? time : null };
    rows.follow(before, after);
    vms.set(id, after);
    if ((n + 1) % commitEvery !== 0) return;
    commit();
    rows.written();
  });
  commit();
};

const withUsage = (
  turns: readonly Turned[],
  commitEvery: number,
  check: (read: ReturnType<typeof prepareUsage>) => void,
) => {
  const directory = temporaryDirectory();
  const db = openWriter(join(directory, 'state.1.db'), STATE_TABLES);
  try {
    fold(db, turns, commitEvery);
    check(prepareUsage(db));
  } finally {
    db.close();
    rmSync(directory, { recursive: true });
  }
};

/** In ms, all different: the log is in the order of their times. */
const TURNS = fc
  .uniqueArray(
    fc.record({
      at: fc.integer({ min: 0, max: DAYS * DAY_MS - 20_000 }),
      id: fc.constantFrom(...SPECS.map(({ id }) => id)),
    }),
    { maxLength: 30, selector: ({ at }) => at },
  )
  .map((turns) => turns.toSorted((one, other) => one.at - other.at));

const sum = (items: readonly Pick<UsageItem, 'runningSeconds' | 'cpuSeconds' | 'memoryMiBSeconds'>[]): number[] =>
  (['runningSeconds', 'cpuSeconds', 'memoryMiBSeconds'] as const).map((field) =>
    Math.round(items.reduce((total, item) => total + item[field], 0) * 1000),
  );

test('usage by day and by tenant is the sum of usage by VM, for any range of days and any page size', () => {
  fc.assert(
    fc.property(
      TURNS,
      fc.integer({ min: 1, max: 10 }),
      fc.option(fc.nat(DAYS)),
      fc.option(fc.nat(DAYS)),
      fc.integer({ min: 1, max: 5 }),
      (turns, commitEvery, one, other, limit) => {
        const days = [one, other].filter((day) => day !== null).toSorted((a, b) => a - b);
        const range = {
          ...(days.length === 2 && { from: timeAt((days[0] ?? 0) * DAY_MS) }),
          ...(days.length > 0 && { to: timeAt((days.at(-1) ?? 0) * DAY_MS) }),
        };
        withUsage(turns, commitEvery, (read) => {
          const all = (by: UsageListing['by'], more: Partial<UsageListing> = {}) => {
            const items = [];
            for (let cursor: string | undefined | null; cursor !== null; ) {
              const page = read(acme, { by, limit, cursor, ...range, ...more }, NOW);
              if (!page) throw new Error(`${cursor} is refused`);
              expect(page.items.length).toBeLessThanOrEqual(limit);
              items.push(...page.items);
              cursor = page.nextCursor;
            }
            return items;
          };
          const byVm = sum(all('vm'));
          expect(sum(all('tenant'))).toEqual(byVm);
          expect(sum(all('day'))).toEqual(byVm);
          for (const item of all('day')) {
            if (!('day' in item)) throw new Error('no day');
            const from = `${item.day}T00:00:00.000Z`;
            const to = timeAt(Date.parse(from) + DAY_MS - START);
            expect(sum([item])).toEqual(sum(all('vm', { from, to })));
            expect(dayOf(from)).toBe(item.day);
          }
        });
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test('old intervals are found in bounded pages, and a VM with very many intervals is complete on one', () => {
  const each = 4000;
  const turns = ['vm-a', 'vm-b', 'vm-c'].flatMap((id, place) =>
    Array.from({ length: each }, (_, n) => ({ id, at: place * DAY_MS + n * 1000 })),
  );
  withUsage(turns, 10_000, (read) => {
    const pages = [];
    for (let cursor: string | undefined | null; cursor !== null; ) {
      const page = read(acme, { by: 'vm', limit: 10, cursor, from: timeAt(2 * DAY_MS) }, NOW);
      if (!page) throw new Error(`${cursor} is refused`);
      pages.push(page.items.map((item) => ('vmId' in item ? [item.vmId, item.runningSeconds] : [])));
      cursor = page.nextCursor;
    }
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flat()).toEqual([['vm-c', each / 2]]);
  });
});
