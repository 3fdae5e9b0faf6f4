// VMs of one scope that match, in the order of their ids. Each filter has an index in that order. Of several filters
// the one with the fewest VMs leads, and the others are checked for each of its VMs, up to a limit.
import type { TenantId } from '@ironlog/schemas';
import type { Db } from '../../database.ts';
import type { Scope } from '../../scope.ts';
import { AFTER_EVERY_KEY, NOTHING, type Part } from '../pages/merged-page.ts';
import type { VmListing } from './vm-listing.ts';
import { type Candidates, prepareVmText } from './vm-text.ts';

export interface Row {
  readonly id: string;
  readonly body: string;
}
export interface Within {
  readonly scope: Scope;
  readonly after: string;
  /** One more than fits the page. */
  readonly atMost: number;
}
type Filters = Pick<VmListing, 'state' | 'host' | 'labels' | 'q'>;

/** The limit of VMs of the leading filter that are checked for the others; each costs an index search, some 2 µs. */
const MOST_LED = 2500;
/** Entries of `vms_listed` that are read one after another, some 0.3 µs each: a few, in which most pages are full, or so many. */
const SCANNED = [1000, 10_000] as const;
/** So few led ones are checked sooner than the index of trigrams is asked. */
const FEW = 200;

// An unused filter is NULL, so that one statement serves all combinations.
const FILTERS = `
  AND (@state IS NULL OR vms.state = @state) AND (@host IS NULL OR vms.host = @host)
  AND (@q IS NULL OR instr(vms.search, @q) > 0)
  AND (@labels IS NULL OR NOT EXISTS (
    SELECT 1 FROM json_each(@labels) AS wanted
    WHERE NOT EXISTS (
      SELECT 1 FROM vm_labels AS has
      WHERE has.tenant = vms.tenant AND has.key = wanted.key AND has.value = wanted.value AND has.scope = vms.scope AND has.id = vms.id)))`;
const RANGE = 'tenant = @tenant AND scope = @scope AND id > @after';

const SCAN = `
SELECT vms.id, vms.body FROM vms INDEXED BY vms_listed
WHERE vms.tenant = @tenant AND vms.scope = @scope AND vms.id > @after AND vms.id <= @to${FILTERS}
ORDER BY vms.id LIMIT @atMost`;
const ledBy = (source: string, value: string): string => `
SELECT vms.id, vms.body FROM ${source}
CROSS JOIN vms INDEXED BY vms_listed ON vms.tenant = led.tenant AND vms.scope = led.scope AND vms.id = led.id
WHERE led.tenant = @tenant AND led.scope = @scope AND ${value} AND led.id > @after AND led.id <= @to${FILTERS}
ORDER BY led.id LIMIT @atMost`;
/** Their number, up to the limit, and the last one. */
const firstOf = (source: string, value = 'true'): string => `
SELECT count(*) AS count, max(id) AS last FROM (SELECT id FROM ${source} WHERE ${RANGE} AND ${value} ORDER BY id LIMIT @most + 1)`;

const LABELS = ['vm_labels AS led', 'led.key = @key AND led.value = @value'] as const;
const STATES = ['vms AS led INDEXED BY vms_by_state', 'led.state = @state'] as const;
const HOSTS = ['vms AS led INDEXED BY vms_by_host', 'led.host = @host'] as const;
const OF_CANDIDATES = `
SELECT page.id, body FROM (
  SELECT vms.id, vms.created_sequence FROM json_each(@candidates) AS led CROSS JOIN vms ON vms.created_sequence = led.value
  WHERE vms.tenant = @tenant AND vms.scope = @scope AND vms.id > @after${FILTERS}
  ORDER BY vms.id LIMIT @atMost) AS page
CROSS JOIN vms ON vms.created_sequence = page.created_sequence ORDER BY page.id`;
/** For their test. */
export const VM_LISTS = {
  SCAN,
  FIRST: firstOf('vms INDEXED BY vms_listed'),
  BY_LABEL: ledBy(...LABELS),
  FIRST_OF_LABEL: firstOf(...LABELS),
  BY_STATE: ledBy(...STATES),
  FIRST_OF_STATE: firstOf(...STATES),
  BY_HOST: ledBy(...HOSTS),
  FIRST_OF_HOST: firstOf(...HOSTS),
  OF_CANDIDATES,
};

interface First {
  readonly count: number;
  readonly last: string | null;
}
interface Led extends First {
  readonly kind: 'label' | 'state' | 'host';
  readonly read: (to: string) => readonly Row[];
}

const isMore = ({ count }: First, most: number): boolean => count > most;

export const prepareListedVms = (db: Db) => {
  const rows = (sql: string) => db.prepare<[object], Row>(sql);
  const first = (sql: string) => {
    const statement = db.prepare<[object], First>(sql);
    return (parameters: object): First => statement.get(parameters) ?? { count: 0, last: null };
  };
  const scan = rows(VM_LISTS.SCAN);
  const scanned = first(VM_LISTS.FIRST);
  const [byLabel, firstOfLabel] = [rows(VM_LISTS.BY_LABEL), first(VM_LISTS.FIRST_OF_LABEL)];
  const [byState, firstOfState] = [rows(VM_LISTS.BY_STATE), first(VM_LISTS.FIRST_OF_STATE)];
  const [byHost, firstOfHost] = [rows(VM_LISTS.BY_HOST), first(VM_LISTS.FIRST_OF_HOST)];
  const ofCandidates = rows(VM_LISTS.OF_CANDIDATES);
  const candidatesOf = prepareVmText(db);

  return (tenant: TenantId, { state, host, labels = {}, q }: Filters, within: Within): Part<Row> => {
    const { scope, after } = within;
    const wanted = Object.entries(labels);
    const asked = {
      ...{ tenant, ...within, state: state ?? null, host: host ?? null, q: q ?? null },
      labels: wanted.length > 0 ? JSON.stringify(labels) : null,
    };
    const filters = wanted.length + [state, host, q].filter((each) => each !== undefined).length;
    // A single filter needs no checks: its index is read up to the end of the page.
    const range = { tenant, scope, after, most: filters > 1 ? MOST_LED : 1 };
    const led: Led[] = [
      ...wanted.map(([key, value]): Led => {
        const label = { key, value };
        const read = (to: string): Row[] => byLabel.all({ ...asked, ...label, to });
        return { kind: 'label', ...firstOfLabel({ ...range, ...label }), read };
      }),
      ...(host === undefined
        ? []
        : [
            {
              kind: 'host',
              ...firstOfHost({ ...range, host }),
              read: (to) => byHost.all({ ...asked, to }),
            } as const satisfies Led,
          ]),
      ...(state === undefined
        ? []
        : [
            {
              kind: 'state',
              ...firstOfState({ ...range, state }),
              read: (to) => byState.all({ ...asked, to }),
            } as const satisfies Led,
          ]),
    ].sort((one, other) => one.count - other.count);
    const [fewest] = led;
    if (fewest?.count === 0) return NOTHING;
    const isAsked = q !== undefined && (fewest === undefined || fewest.count > FEW);
    const candidates: Candidates = isAsked ? candidatesOf(tenant, scope, q) : 'many';
    if (candidates !== 'many' && candidates.length <= (fewest?.count ?? Number.POSITIVE_INFINITY))
      return candidates.length === 0
        ? NOTHING
        : { items: ofCandidates.all({ ...asked, candidates: JSON.stringify(candidates) }), scannedTo: undefined };
    const bounded = (read: (to: string) => readonly Row[], known: First, most: number): Part<Row> => {
      const scannedTo = isMore(known, most) ? (known.last ?? undefined) : undefined;
      return { items: read(scannedTo ?? AFTER_EVERY_KEY), scannedTo };
    };
    const unbounded = { count: 0, last: null };
    if (fewest && filters === 1) return bounded(fewest.read, unbounded, MOST_LED);
    // `vms_listed` contains state, host and text: a scan in its order is cheaper than searches.
    const leader = fewest && isMore(fewest, MOST_LED) ? led.find(({ kind }) => kind === 'label') : fewest;
    if (leader) return bounded(leader.read, leader, MOST_LED);
    if (filters === 0) return bounded((to) => scan.all({ ...asked, to }), unbounded, 0);
    const scanAtMost = (most: number): Part<Row> =>
      bounded((to) => scan.all({ ...asked, to }), scanned({ ...range, most }), most);
    const part = scanAtMost(SCANNED[0]);
    return part.scannedTo === undefined || part.items.length === within.atMost ? part : scanAtMost(SCANNED[1]);
  };
};
