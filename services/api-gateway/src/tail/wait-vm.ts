// Waits until a VM passes a state: any state since `after` counts, not only the last, and hopeless waits end early.
import type { StateName } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import type { TenantId, VmEvent, VmId, VmStateName } from '@ironlog/schemas';
import { canReach, stateAfter } from './reachable.ts';
import type { Tail } from './tail.ts';
import { wakeWhen } from './wake.ts';

/** The VM's state at `sequence`, the base of the wait's fold. */
export interface KnownState {
  readonly state: StateName;
  readonly sequence: number;
}

export interface PassedEvent {
  readonly sequence: number;
  readonly event: VmEvent;
}

export interface WaitVm {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly wanted: VmStateName;
  readonly from: KnownState;
  /** Whether the current state counts; not when the caller named an event. */
  readonly currentStateCounts: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether the VM exists, or a create of it is pending. */
  readonly isAskedFor: () => boolean;
  /** The VM's events after a sequence, as far as they are known: history, then what the tail has seen. */
  readonly passed: (after: number) => Promise<{ readonly events: readonly PassedEvent[]; readonly upTo: number }>;
}

/** Includes rejections: that of the create ends the wait. */
const concerns = ({ tenant, vmId }: WaitVm, { read }: Recorded): boolean =>
  read.ok && read.stored.kind !== 'host' && read.stored.event.subject === vmId && read.stored.event.tenant === tenant;

export type VmWait = { readonly outcome: 'reached' | 'unreachable' | 'timeout'; readonly sequence: number };

export const waitForVm = async (tail: Pick<Tail, 'subscribe'>, wait: WaitVm): Promise<VmWait> => {
  let knownState = wait.from;
  if (wait.currentStateCounts && knownState.state === wait.wanted)
    return { outcome: 'reached', sequence: knownState.sequence };
  let seenUpTo = knownState.sequence;
  const condition = async (): Promise<VmWait | undefined> => {
    const { events, upTo } = await wait.passed(seenUpTo);
    seenUpTo = upTo;
    for (const { sequence, event } of events) {
      if (sequence <= knownState.sequence) continue;
      const state = stateAfter(knownState.state, event);
      const moved = state !== knownState.state;
      knownState = { state, sequence };
      if (moved && state === wait.wanted) return { outcome: 'reached', sequence };
    }
    const isUnreachable = knownState.state === 'absent' && !wait.isAskedFor();
    if (isUnreachable || !canReach(knownState.state, wait.wanted))
      return { outcome: 'unreachable', sequence: knownState.sequence };
    return undefined;
  };
  const found = await wakeWhen({
    tail,
    matters: (entry) => concerns(wait, entry),
    condition,
    timeoutMs: wait.timeoutMs,
    signal: wait.signal,
  });
  return found ?? { outcome: 'timeout', sequence: knownState.sequence };
};
