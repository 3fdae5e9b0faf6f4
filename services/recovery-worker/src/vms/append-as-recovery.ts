// Appends recovery's events of a VM: `stuck`, `cleanup-abandoned`, `command-expired`, `lost`. Appends under the VM's
// expectation, decides again after a conflict (P4), and refuses an event that the fold would ignore.
import { type EventMeta, evolve, nextEvent, type Vm } from '@ironlog/domain';
import { type EventLog, hashOf } from '@ironlog/event-log';
import {
  encodeEvent,
  newEventId,
  readStoredEvent,
  type VmEvent,
  type VmFact,
  vmEventSubject,
  vmFilter,
} from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import type { Fail } from '../failpoints.ts';
import type { VmLoader, VmRef } from './vm-loader.ts';

/** The actor of recovery's events and commands, except for an event that decides another's command. */
export const RECOVERY = 'recovery';

/** A fact, with the link to its cause. */
export interface RecoveryFact {
  readonly fact: VmFact;
  readonly meta?: Partial<Pick<EventMeta, 'actor' | 'causationid' | 'correlationid' | 'traceparent'>>;
}

/**
 * `appended`: stored, once. `skipped`: the VM's current state no longer requires it. `unknown`: the service stopped
 * before the result was known; the next run reads the log.
 */
export type RecoveryAppend =
  | { readonly kind: 'appended'; readonly fact: VmFact; readonly vm: Vm }
  | { readonly kind: 'skipped'; readonly vm: Vm }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface RecoveryAppendDeps {
  readonly log: Pick<EventLog, 'append'>;
  readonly vms: VmLoader;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly fail: Fail;
}

/** Calls `decide` with the VM's latest state, and again after every conflict; `undefined` ends it. */
export const appendAsRecovery = async (
  { log, vms, clock, signal, fail }: RecoveryAppendDeps,
  ref: VmRef,
  decide: (vm: Vm) => RecoveryFact | undefined,
): Promise<RecoveryAppend> => {
  for (let vm = await vms.load(ref); ; ) {
    const decided = decide(vm);
    if (!decided) return { kind: 'skipped', vm };
    const { fact, meta = {} } = decided;
    const event = nextEvent(vm, fact, {
      actor: RECOVERY,
      ...meta,
      id: newEventId(),
      time: clock.now().toISOString(),
      writer: RECOVERY,
    });
    const subject = vmEventSubject(ref.tenant, ref.vmId, RECOVERY, fact.name);
    requireReadable(vm, subject, event);
    const filter = vmFilter(ref.tenant, ref.vmId);
    fail('before-append');
    const result = await log.append({ subject, event, filter, expected: vm.sequence, signal });
    switch (result.kind) {
      case 'committed': {
        fail('after-append');
        const { sequence, hash } = result;
        const after = evolve(vm, { sequence, hash, writer: RECOVERY, event }).vm;
        return { kind: 'appended', fact, vm: vms.remember(after) };
      }
      case 'conflict':
        vm = vms.fold(vm, result.entries);
        break;
      case 'unknown':
        return result;
      default:
        return result satisfies never;
    }
  }
};

/** EVENTS is kept for good: an event that the fold would ignore must not be stored, least of all at every run. */
const requireReadable = (vm: Vm, subject: string, event: VmEvent): void => {
  const bytes = encodeEvent(event);
  const read = readStoredEvent(subject, bytes);
  const folded = evolve(vm, { sequence: vm.sequence + 1, hash: hashOf(bytes), writer: RECOVERY, event });
  const reason = !read.ok ? read.reason : folded.kind === 'ignored' ? folded.reason : undefined;
  if (reason !== undefined) throw new Error(`${event.name} of ${vm.tenant}/${vm.id} would not be folded: ${reason}`);
};
