// Waits until a VM passes a state, or its guest is ready: any state since `after` counts, not only the last, and hopeless waits end early.
import type { StateName } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import { isTenantEvent, type TenantId, type VmEvent, type VmId, type VmStateName } from '@ironlog/schemas';
import { canReach, stateAfter } from './reachable.ts';
import type { Tail } from './tail.ts';
import { wakeWhen } from './wake.ts';

/** The VM's state at `sequence`, the base of the wait's fold. */
export interface KnownState {
  readonly state: StateName;
  readonly sequence: number;
  /** The guest of its epoch is. */
  readonly isReady: boolean;
}

export interface PassedEvent {
  readonly sequence: number;
  readonly event: VmEvent;
}

export interface WaitVm {
  readonly tenant: TenantId;
  readonly vmId: VmId;
  readonly wanted: VmStateName | 'ready';
  /** Whether its guest can ever be known to be ready: `false` where its spec does not say how it tells. */
  readonly tellsReady: () => boolean;
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
  read.ok && isTenantEvent(read.stored) && read.stored.event.subject === vmId && read.stored.event.tenant === tenant;

const isWanted = ({ wanted }: WaitVm, { state, isReady }: KnownState): boolean =>
  wanted === 'ready' ? isReady : state === wanted;
/** A guest that is to be ready must run. */
const isHopeless = ({ wanted, tellsReady }: WaitVm, { state }: KnownState): boolean =>
  !canReach(state, wanted === 'ready' ? 'running' : wanted) || (wanted === 'ready' && !tellsReady());

export type VmWait = { readonly outcome: 'reached' | 'unreachable' | 'timeout'; readonly sequence: number };

export const waitForVm = async (tail: Pick<Tail, 'subscribe'>, wait: WaitVm): Promise<VmWait> => {
  let knownState = wait.from;
  if (wait.currentStateCounts && isWanted(wait, knownState))
    return { outcome: 'reached', sequence: knownState.sequence };
  let seenUpTo = knownState.sequence;
  const condition = async (): Promise<VmWait | undefined> => {
    const { events, upTo } = await wait.passed(seenUpTo);
    seenUpTo = upTo;
    for (const { sequence, event } of events) {
      if (sequence <= knownState.sequence) continue;
      const state = stateAfter(knownState.state, event);
      const moved = state !== knownState.state;
      knownState = { state, sequence, isReady: event.name === 'ready' };
      if ((moved || knownState.isReady) && isWanted(wait, knownState)) return { outcome: 'reached', sequence };
    }
    const isUnreachable = knownState.state === 'absent' && !wait.isAskedFor();
    if (isUnreachable || isHopeless(wait, knownState)) return { outcome: 'unreachable', sequence: knownState.sequence };
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
