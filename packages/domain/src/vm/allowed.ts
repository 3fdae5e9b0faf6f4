// Which verbs a VM accepts now, and why it refuses the others.
import { VERBS, type Verb } from '@ironlog/schemas';
import type { Vm } from './vm.ts';

/** `undefined`: allowed. Otherwise a reason that a caller can act on. */
export const whyNot = (vm: Vm, verb: Verb, force = false): string | undefined => {
  if (verb === 'create') return vm.state === 'absent' ? undefined : `a VM of that id exists and is ${vm.state}`;
  if (vm.state === 'absent') return 'there is no such VM';
  if (verb === 'delete') return whyNotDelete(vm, force);
  if (vm.task) return `${vm.task.verb} is in flight until ${vm.task.deadline} at the latest`;
  if (vm.awaited?.command && !ENDS_AWAITING.includes(verb))
    return `${vm.awaited.command.verb} goes on until the guest is ready, or is not in time; shutdown and reboot pre-empt it`;
  if (verb === 'cleanup') return whyNotCleanup(vm);
  if (vm.state === 'deleted') return 'the VM is deleted';
  if (vm.wantedGone) return 'the VM is being deleted, and a delete is never undone';
  return STATES_FOR[verb].includes(vm.state)
    ? whyNotBoot(vm, verb)
    : `the VM is ${vm.state}; ${verb} needs ${STATES_FOR[verb].join(' or ')}`;
};

/** A guest that is to be ready is no task of its host's: who ends it needs no force. */
const ENDS_AWAITING: readonly Verb[] = ['shutdown', 'reboot'];

const STATES_FOR: Readonly<Record<Exclude<Verb, 'create' | 'delete' | 'cleanup'>, readonly string[]>> = {
  boot: ['created', 'stopped', 'failed'],
  shutdown: ['running', 'paused'],
  pause: ['running'],
  resume: ['paused'],
  reboot: ['running'],
  snapshot: ['paused'],
  restore: ['stopped'],
};

const whyNotBoot = (vm: Vm, verb: Verb): string | undefined => {
  if (verb !== 'boot' || vm.state !== 'failed') return undefined;
  if (!vm.everCreated) return 'the VM was never created; delete it and create it again';
  if (vm.residue.length > 0) return `a failed attempt left ${vm.residue.join(', ')}; cleanup must end first`;
  return undefined;
};

const whyNotDelete = (vm: Vm, force: boolean): string | undefined => {
  if (vm.state === 'deleted') return 'the VM is deleted';
  if (force) return vm.task?.verb === 'delete' ? 'a delete is in flight' : undefined;
  const busy = vm.task?.verb ?? vm.awaited?.command?.verb;
  if (busy) return `${busy} is in flight; use force to pre-empt it`;
  if (vm.state === 'running' || vm.state === 'paused') return `the VM is ${vm.state}; shut it down first or use force`;
  return undefined;
};

const whyNotCleanup = (vm: Vm): string | undefined => {
  if (vm.state === 'failed') return undefined;
  if (vm.state === 'deleted' && vm.residue.length > 0) return undefined;
  return `the VM is ${vm.state} with nothing to clean up`;
};

/**
 * The verbs of `verbs` that the VM accepts now. `delete` counts when it is accepted with or without force. `verbs`:
 * what the VM's hypervisor supports.
 */
export const allowedVerbs = (vm: Vm, verbs: readonly Verb[] = VERBS): Verb[] =>
  verbs.filter((verb) => whyNot(vm, verb, verb === 'delete') === undefined);
