// What recovery says of a VM: `stuck`, `cleanup-abandoned`, `command-expired`, `lost`. Said under the VM's expectation,
// decided again whenever someone else has written first (P4), and never in a shape that a reader would set aside.
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

/** Who acts when recovery acts: the actor of its events and commands, but for what decides another's command. */
export const RECOVERY = 'recovery';

/** A verdict, with what ties it to its cause. */
export interface RecoveryFact {
  readonly fact: VmFact;
  readonly meta?: Partial<Pick<EventMeta, 'actor' | 'causationid' | 'correlationid' | 'traceparent'>>;
}

/**
 * `said`: on record, once. `unsaid`: the VM as it stands now no longer asks for it.
 * `unknown`: the service stops before anyone could say; the log tells at the next look.
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

/** Asks `decide` of the VM's latest state, and again after every conflict; `undefined` ends it. */
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

/** EVENTS is kept for good: what the fold would ignore must not get there, least of all once for every look. */
const requireReadable = (vm: Vm, subject: string, event: VmEvent): void => {
  const bytes = encodeEvent(event);
  const read = readStoredEvent(subject, bytes);
  const folded = evolve(vm, { sequence: vm.sequence + 1, hash: hashOf(bytes), writer: RECOVERY, event });
  const reason = !read.ok ? read.reason : folded.kind === 'ignored' ? folded.reason : undefined;
  if (reason !== undefined) throw new Error(`${event.name} of ${vm.tenant}/${vm.id} would not be folded: ${reason}`);
};
