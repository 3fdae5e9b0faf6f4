// Waits until a VM passes a state: any state since `after` counts, not only the last, and hopeless waits end early.
import type { StateName } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import { isTenantEvent, type TenantId, type VmEvent, type VmId, type VmStateName } from '@ironlog/schemas';
import { canReach, stateAfter } from './reachable.ts';
import type { Tail } from './tail.ts';
import { wakeWhen } from './wake.ts';

/** Where the VM stood at `sequence`; the wait folds on from there. */
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
  /** Whether standing in the state already is enough; not where the caller said after which event. */
  readonly currentStateCounts: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether it is there, or a create of it is still under way. */
  readonly isAskedFor: () => boolean;
  /** The VM's events after a sequence, as far as they are known: history, then what the tail has seen. */
  readonly passed: (after: number) => { readonly events: readonly PassedEvent[]; readonly upTo: number };
}

/** Rejections too: that of the create leaves nothing to wait for. */
const concerns = ({ tenant, vmId }: WaitVm, { read }: Recorded): boolean =>
  read.ok && isTenantEvent(read.stored) && read.stored.event.subject === vmId && read.stored.event.tenant === tenant;

export type VmWait = { readonly outcome: 'reached' | 'unreachable' | 'timeout'; readonly sequence: number };

export const waitForVm = async (tail: Pick<Tail, 'subscribe'>, wait: WaitVm): Promise<VmWait> => {
  let knownState = wait.from;
  if (wait.currentStateCounts && knownState.state === wait.wanted)
    return { outcome: 'reached', sequence: knownState.sequence };
  let seenUpTo = knownState.sequence;
  const condition = (): VmWait | undefined => {
    const { events, upTo } = wait.passed(seenUpTo);
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
