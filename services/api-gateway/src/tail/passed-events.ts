// One VM's events after a sequence, as far as anyone knows: from the ring where it reaches back, else from history first.
import type { Recorded } from '@ironlog/event-log';
import type { PastEvent } from '@ironlog/read-model';
import type { TenantId, VmId } from '@ironlog/schemas';
import type { Reads } from '../reads/port.ts';
import { isHeeded } from './heeded.ts';
import type { Tail } from './tail.ts';
import type { PassedEvent } from './wait-vm.ts';
import type { WhereaboutsIndex } from './whereabouts.ts';

const PAGE = 500;

export interface PassedDeps {
  readonly reads: Pick<Reads, 'vmEvents' | 'historyPosition'>;
  readonly tail: Pick<Tail, 'ring'>;
  readonly whereabouts: Pick<WhereaboutsIndex, 'find'>;
}

export interface PassedRange {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly after: number;
}

export const passedEvents = (deps: PassedDeps, { tenant, vmId, after }: PassedRange): readonly PassedEvent[] => {
  const recent = deps.tail.ring.since(after);
  const where = deps.whereabouts.find(tenant, vmId);
  const ofVm = ({ sequence, stored }: PastEvent): readonly PassedEvent[] => {
    if (stored.kind !== 'vm' || stored.event.subject !== vmId || stored.event.tenant !== tenant) return [];
    return isHeeded(where, stored.writer, stored.event) ? [{ sequence, event: stored.event }] : [];
  };
  const fromRing = (entries: readonly Recorded[]): readonly PassedEvent[] =>
    entries.flatMap(({ sequence, read }) => (read.ok ? ofVm({ sequence, stored: read.stored }) : []));
  if (recent) return fromRing(recent);
  // The checkpoint is read first: what history holds up to there is all there is up to there.
  const history = deps.reads.historyPosition();
  const past: PassedEvent[] = [];
  for (let cursor = after; ; ) {
    const page = deps.reads.vmEvents(tenant, vmId, { after: cursor, limit: PAGE });
    past.push(...page.flatMap(ofVm));
    cursor = page.at(-1)?.sequence ?? cursor;
    if (page.length < PAGE) return [...past, ...fromRing(deps.tail.ring.since(Math.max(cursor, history)) ?? [])];
  }
};
