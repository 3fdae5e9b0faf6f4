// First pages that are asked for: every filter with a value that many, few and no VMs have, and every pair of them.
import type { Reader, UsageListing, VmListing } from '@ironlog/read-model';
import { commandId, hostId, type TenantId, type VmStateName } from '@ironlog/schemas';
import { BIG_TENANT, idOf, SMALL_TENANT } from './fleet.ts';

export interface Ask {
  readonly what: string;
  readonly read: (reader: Reader) => unknown;
}
/** One row of the report: the slowest of its requests counts. */
export interface Group {
  readonly what: string;
  readonly asks: readonly Ask[];
}

type Filter = Partial<Pick<VmListing, 'state' | 'host' | 'labels' | 'q' | 'includeDeleted'>>;
interface Named {
  readonly what: string;
  readonly filter: Filter;
}

const LIMIT = 100;
/** After the log's last event: a second passes with each. */
const NOW = '2027-01-01T00:00:00.000Z';

const vms = (tenant: TenantId, { what, filter }: Named): Ask => ({
  what,
  read: (reader) => reader.vms(tenant, { includeDeleted: false, limit: LIMIT, ...filter }),
});

const state = (name: VmStateName): Named => ({ what: `state=${name}`, filter: { state: name } });
const host = (n: number): Named => ({ what: `host=host-${n}`, filter: { host: hostId(`host-${n}`) } });
const label = (key: string, value: string): Named => ({
  what: `label.${key}=${value}`,
  filter: { labels: { [key]: value } },
});
const q = (text: string): Named => ({ what: `q=${text}`, filter: { q: text } });

/** `n`: how many VMs there are; the one that some filters find is live and the big tenant's. */
const filtersOf = (n: number): Readonly<Record<'state' | 'host' | 'label' | 'q', readonly Named[]>> => {
  const one = n - (n % 10) - 9;
  return {
    state: [state('running'), state('failed'), state('lost'), state('deleted'), state('pending')],
    host: [host(0), host(99_999)],
    label: [label('tier', 'web'), label('release', '7'), label('serial', String(one)), label('tier', 'none')],
    q: [
      q('server'),
      q('web'),
      q('e'),
      q('zz'),
      q('zzz'),
      q(`server ${one}`),
      q(idOf(one).slice(3)),
      q(idOf(one).slice(-5)),
    ],
  };
};

const both = (one: Named, other: Named): Named => ({
  what: `${one.what} ${other.what}`,
  filter: { ...one.filter, ...other.filter, labels: { ...one.filter.labels, ...other.filter.labels } },
});

const pairsOf = (filters: ReturnType<typeof filtersOf>): Group[] => {
  const kinds = ['state', 'host', 'label', 'q'] as const;
  return kinds.flatMap((kind, place) =>
    kinds.slice(place).flatMap((other): Group[] => {
      // A label can be asked for beside another; of the others there is one.
      if (kind === other && kind !== 'label') return [];
      const pairs = filters[kind].flatMap((one) => filters[other].map((two) => both(one, two)));
      return [{ what: `VMs by ${kind} and ${other}`, asks: pairs.map((pair) => vms(BIG_TENANT, pair)) }];
    }),
  );
};

export const groupsOf = (vmCount: number): readonly Group[] => {
  const filters = filtersOf(vmCount);
  const plain: Named = { what: 'none', filter: {} };
  const deleted: Named = { what: 'includeDeleted', filter: { includeDeleted: true } };
  const singles = Object.entries(filters).map(
    ([kind, named]): Group => ({ what: `VMs by ${kind}`, asks: named.map((each) => vms(BIG_TENANT, each)) }),
  );
  const all = [plain, ...Object.values(filters).flat()];
  const operations = (filter: Parameters<Reader['operations']>[1]): Ask => ({
    what: JSON.stringify(filter),
    read: (reader) => reader.operations(BIG_TENANT, filter),
  });
  const usage = (listing: Omit<UsageListing, 'limit'>): Ask => ({
    what: JSON.stringify(listing),
    read: (reader) => reader.usage(BIG_TENANT, { limit: LIMIT, ...listing }, NOW),
  });
  const statuses = ['pending', 'running', 'succeeded', 'failed', 'rejected', 'expired'] as const;
  return [
    { what: 'VMs', asks: [vms(BIG_TENANT, plain), vms(SMALL_TENANT, plain)] },
    ...singles,
    ...pairsOf(filters),
    { what: 'VMs with deleted ones, by each filter', asks: all.map((each) => vms(BIG_TENANT, both(each, deleted))) },
    { what: 'VMs of a small tenant, by each filter', asks: all.map((each) => vms(SMALL_TENANT, each)) },
    {
      what: 'operations, by each filter',
      asks: [
        operations({ limit: LIMIT }),
        ...statuses.map((status) => operations({ limit: LIMIT, status })),
        operations({ limit: LIMIT, vmId: idOf(1) }),
        ...statuses.map((status) => operations({ limit: LIMIT, status, vmId: idOf(1) })),
      ],
    },
    {
      what: 'one operation',
      asks: [{ what: '', read: (reader) => reader.operation(BIG_TENANT, commandId('cmd-none')) }],
    },
    {
      what: 'usage, by VM, day and tenant',
      asks: [
        usage({ by: 'vm' }),
        usage({ by: 'vm', vmId: idOf(1) }),
        // When nothing ran yet, and when little still did.
        usage({ by: 'vm', to: '2026-01-01T00:00:00.000Z' }),
        usage({ by: 'vm', from: NOW }),
        usage({ by: 'day' }),
        usage({ by: 'tenant' }),
      ],
    },
    { what: 'attention', asks: [{ what: '', read: (reader) => reader.attention(BIG_TENANT, { hosts: true }) }] },
  ];
};
