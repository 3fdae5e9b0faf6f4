// One VM's events after a sequence, as far as anyone knows: from the ring where it reaches back, else from history first.
import type { StoredEvent, TenantId, VmId } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { isAuthorised } from './authorised-event.ts';
import type { Tail } from './tail.ts';
import type { VmLocations } from './vm-locations.ts';
import type { PassedEvent } from './wait-vm.ts';

const PAGE = 500;

export interface PassedDeps {
  readonly reads: Pick<Reads, 'vmEvents' | 'historyPosition'>;
  readonly tail: Pick<Tail, 'ring'>;
  readonly vmLocation: Pick<VmLocations, 'find'>;
}

export interface PassedRange {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly after: number;
}

export interface Passed {
  readonly events: readonly PassedEvent[];
  /** What is there up to this sequence has been gone over: the fleet's events must not be at each look. */
  readonly upTo: number;
}

export const passedEvents = (deps: PassedDeps, range: PassedRange): Passed => {
  const where = deps.vmLocation.find(range.tenant, range.vmId);
  const isKnown = where !== undefined && where.kind !== 'pending';
  const events: PassedEvent[] = [];
  let upTo = range.after;
  for (const { sequence, stored } of entriesAfter(deps, range)) {
    if (stored?.kind === 'vm' && isOf(range, stored.event)) {
      if (isAuthorised(where, stored.writer, stored.event)) events.push({ sequence, event: stored.event });
      // Whose word counts is not known here yet: it is asked again from this one on.
      else if (!isKnown) break;
    }
    upTo = sequence;
  }
  return { events, upTo };
};

const isOf = ({ tenant, vmId }: PassedRange, event: { readonly tenant: TenantId; readonly subject: VmId }): boolean =>
  event.subject === vmId && event.tenant === tenant;

interface Entry {
  readonly sequence: number;
  /** None: nothing of this VM up to here. */
  readonly stored?: StoredEvent | undefined;
}

const entriesAfter = function* (
  { reads, tail }: PassedDeps,
  { tenant, vmId, after }: PassedRange,
): Generator<Entry, void> {
  let recent = tail.ring.since(after);
  if (!recent) {
    // The checkpoint is read first: what history holds up to there is all there is up to there.
    const history = reads.historyPosition();
    let cursor = after;
    for (let isLast = false; !isLast; ) {
      const page = reads.vmEvents(tenant, vmId, { after: cursor, limit: PAGE });
      yield* page;
      cursor = page.at(-1)?.sequence ?? cursor;
      isLast = page.length < PAGE;
    }
    cursor = Math.max(cursor, history);
    yield { sequence: cursor };
    recent = tail.ring.since(cursor) ?? [];
  }
  for (const { sequence, read } of recent) yield { sequence, stored: read.ok ? read.stored : undefined };
};
