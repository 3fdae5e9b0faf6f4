// One VM's known events after a sequence: from the ring, or first from history where the ring does not reach.
import type { StoredEvent, TenantId, VmId } from '@ironlog/schemas';
import type { Queries } from '../read-workers/queries.ts';
import type { Reads } from '../reads/port.ts';
import { isAuthorised } from './authorised-event.ts';
import type { Tail } from './tail.ts';
import type { VmLocations } from './vm-locations.ts';
import type { PassedEvent } from './wait-vm.ts';

const PAGE = 500;

export interface PassedDeps {
  readonly reads: Pick<Reads, 'historyPosition'>;
  readonly queries: Pick<Queries, 'vmEvents'>;
  readonly tail: Pick<Tail, 'ring'>;
  readonly vmLocation: Pick<VmLocations, 'find'>;
}

export interface PassedRange {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly after: number;
  readonly signal: AbortSignal;
}

export interface Passed {
  readonly events: readonly PassedEvent[];
  /** Everything up to this sequence was checked, so that the fleet's events are checked once. */
  readonly upTo: number;
}

export const passedEvents = async (deps: PassedDeps, range: PassedRange): Promise<Passed> => {
  const where = deps.vmLocation.find(range.tenant, range.vmId);
  const isKnown = where !== undefined && where.kind !== 'pending';
  const events: PassedEvent[] = [];
  let upTo = range.after;
  for await (const entries of pagesAfter(deps, range)) {
    for (const { sequence, stored } of entries) {
      if (stored?.kind === 'vm' && isOf(range, stored.event)) {
        if (isAuthorised(where, stored.writer, stored.event)) events.push({ sequence, event: stored.event });
        // The authorised writer is not known here yet: the check is repeated from this entry on.
        else if (!isKnown) return { events, upTo };
      }
      upTo = sequence;
    }
  }
  return { events, upTo };
};

const isOf = ({ tenant, vmId }: PassedRange, event: { readonly tenant: TenantId; readonly subject: VmId }): boolean =>
  event.subject === vmId && event.tenant === tenant;

interface Entry {
  readonly sequence: number;
  /** None: no event of this VM up to here. */
  readonly stored?: StoredEvent | undefined;
}

const pagesAfter = async function* (
  { reads, queries, tail }: PassedDeps,
  { tenant, vmId, after, signal }: PassedRange,
): AsyncGenerator<readonly Entry[], void> {
  let recent = tail.ring.since(after);
  if (!recent) {
    // The checkpoint is read first: history has everything up to it.
    const history = reads.historyPosition();
    const by = { party: tenant, atLeast: { events: history, work: 0 }, signal };
    let cursor = after;
    for (let isLast = false; !isLast; ) {
      const page = await queries.vmEvents(by, tenant, vmId, { after: cursor, limit: PAGE });
      yield page;
      cursor = page.at(-1)?.sequence ?? cursor;
      isLast = page.length < PAGE;
    }
    cursor = Math.max(cursor, history);
    yield [{ sequence: cursor }];
    recent = tail.ring.since(cursor) ?? [];
  }
  yield recent.map(({ sequence, read }) => ({ sequence, stored: read.ok ? read.stored : undefined }));
};
