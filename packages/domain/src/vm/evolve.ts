// `evolve`: the fold. Total: every entry yields a VM. An entry that is not legal is ignored with its reason.
import type { VmEvent, Writer } from '@ironlog/schemas';
import { foldDetails } from './fold-details.ts';
import { foldTask } from './fold-task.ts';
import { verbOfFailure, verbOfIntent, verbOfSuccess } from './tasks.ts';
import { TRANSITIONS } from './transitions.ts';
import type { Draft, Vm } from './vm.ts';

export interface Entry {
  /** Stream sequence. */
  readonly sequence: number;
  /** SHA-256 of the stored bytes, hex. */
  readonly hash: string;
  readonly writer: Writer;
  readonly event: VmEvent;
}

export type Evolved =
  | { readonly kind: 'folded'; readonly vm: Vm }
  | { readonly kind: 'ignored'; readonly vm: Vm; readonly reason: string };

export const evolve = (vm: Vm, entry: Entry): Evolved => {
  const reason = whyIgnored(vm, entry);
  if (reason !== undefined) return { kind: 'ignored', vm: { ...vm, sequence: entry.sequence }, reason };
  const { event } = entry;
  const target = TRANSITIONS[vm.state][event.name];
  // One mutable copy per entry, private until it is complete: a rebuild folds every event.
  const next: Draft = { ...vm };
  next.state = target === 'same' || target === 'never' ? stay(vm, event) : target;
  next.revision = event.revision;
  next.lastHash = entry.hash;
  next.sequence = entry.sequence;
  // A command that expired before any claim does not create the VM.
  if (event.name !== 'command-expired') next.createdAt ??= event.time;
  next.updatedAt = event.time;
  foldTask(next, vm, event);
  foldDetails(next, vm, event);
  return { kind: 'folded', vm: next };
};

/** `found` is the one event whose data names the target state. A crash during a shutdown or delete changes no state. */
const stay = (vm: Vm, event: VmEvent): Vm['state'] => (event.name === 'found' ? event.data.observed : vm.state);

const whyIgnored = (vm: Vm, { event, writer, sequence }: Entry): string | undefined => {
  if (sequence <= vm.sequence) return `sequence ${sequence} is not after ${vm.sequence}`;
  const unauthorised = whyUnauthorised(vm, event, writer);
  if (unauthorised !== undefined) return unauthorised;
  if (event.revision !== vm.revision + 1) return `revision ${event.revision} does not follow ${vm.revision}`;
  if ((event.prevhash ?? null) !== vm.lastHash) return 'prevhash is not the hash of the event before';
  if (TRANSITIONS[vm.state][event.name] === 'never') return `${event.name} cannot happen to a VM that is ${vm.state}`;
  if (event.name === 'found' && event.data.observed !== 'stopped' && event.data.epoch === 0)
    return `found ${event.data.observed} without ever having been booted`;
  return whyNotAwaited(vm, event) ?? whyNotThisTask(vm, event);
};

const RECOVERY_MAY: readonly string[] = ['lost', 'stuck', 'cleanup-abandoned', 'command-expired'];

/** P4/P9: only the owner appends a VM's events, apart from the event types of recovery and the gateway. */
export const whyUnauthorised = (vm: Pick<Vm, 'owner'>, event: VmEvent, writer: Writer): string | undefined => {
  if (writer === 'gateway') return event.name === 'cancelled' ? undefined : `gateway may not append ${event.name}`;
  if (writer === 'recovery')
    return RECOVERY_MAY.includes(event.name) ? undefined : `recovery may not append ${event.name}`;
  if (event.name === 'cancelled') return `only gateway may append cancelled, not ${writer}`;
  if (event.name === 'claimed')
    return event.data.host === writer ? undefined : `${writer} claims for ${event.data.host}`;
  if (event.name === 'command-expired' && vm.owner === null) return undefined;
  return vm.owner === writer ? undefined : `writer ${writer} is not the owner ${vm.owner ?? '(none)'}`;
};

/** A guest is ready once in its epoch, and late once, where its spec says how it tells. */
const whyNotAwaited = ({ awaited }: Vm, { name }: VmEvent): string | undefined => {
  if (name !== 'ready' && name !== 'not-ready') return undefined;
  if (!awaited) return `${name} of a guest that is not awaited`;
  return name === 'not-ready' && awaited.isLate ? 'not-ready for the second time' : undefined;
};

/** An outcome needs its task, and an intent needs none before it (but for a delete, and the boot that a create goes on to). */
const whyNotThisTask = (vm: Vm, event: VmEvent): string | undefined => {
  const begun = verbOfIntent(event.name);
  if (begun !== undefined && vm.task && begun !== 'delete') {
    const continues =
      begun === 'boot' && vm.task.verb === 'create' && vm.task.thenBoot && event.causationid === vm.task.commandId;
    return continues ? undefined : `${event.name} while ${vm.task.verb} is in flight`;
  }
  if (event.name === 'stopped' || event.name === 'rebooted') return undefined;
  const ended = verbOfSuccess(event.name) ?? verbOfFailure(event.name);
  if (ended !== undefined && vm.task?.verb !== ended) return `${event.name} without a ${ended} in flight`;
  return undefined;
};
