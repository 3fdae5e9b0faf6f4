// `decide`: what a command means for a VM as its log stands. Pure: no clock, no I/O; every answer is a value.
import {
  filesOf,
  type HostId,
  type HypervisorKind,
  type ImageManifest,
  type Rejection,
  type RejectionCode,
  type Timestamp,
  type Verb,
  type VmFact,
  type WorkCommand,
} from '@ironlog/schemas';
import { allowedVerbs, whyNot } from './allowed.ts';
import { TASKS } from './tasks.ts';
import { later } from './time.ts';
import type { Intent, Outcome, Vm } from './vm.ts';

/** What the host says of a command before the VM's state is asked. */
export type Admission =
  | { readonly ok: true; readonly hypervisor: HypervisorKind; readonly capabilities: readonly Verb[] }
  | { readonly ok: false; readonly code: RejectionCode; readonly reason: string };

export interface DecideContext {
  readonly now: Timestamp;
  readonly host: HostId;
  readonly admission: Admission;
}

interface RefuseContext {
  readonly now: Timestamp;
  /** Whose answer it is; nobody's where no host owns the VM. */
  readonly host?: HostId;
  /** What the VM's hypervisor can do; without it every verb may be named as allowed. */
  readonly capabilities?: readonly Verb[] | undefined;
}

export type Decision =
  | { readonly kind: 'intent'; readonly fact: Intent }
  | { readonly kind: 'expired'; readonly fact: Extract<VmFact, { name: 'command-expired' }> }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'duplicate'; readonly outcome: Outcome }
  /** Late, at a host that does not own the VM: recovery puts its expiry on record, and nobody else says anything. */
  | { readonly kind: 'left' };

type Refused = Exclude<Decision, { readonly kind: 'intent' }>;

export const decide = (vm: Vm, command: WorkCommand, context: DecideContext): Decision => {
  const { admission, host, now } = context;
  return refuse(vm, command, { now, host, capabilities: capabilitiesOf(admission) }) ?? admit(vm, command, context);
};

/** What a command is answered whatever a host may say to it; `undefined`: it is for the host to say. */
export const refuse = (vm: Vm, command: WorkCommand, context: RefuseContext): Refused | undefined => {
  const { action, request, expectedRevision } = command.data;
  const known = vm.commands.find((record) => record.id === command.id);
  if (known) return { kind: 'duplicate', outcome: known.outcome };
  const reject = rejecting(vm, context.capabilities);
  // P4: only the owner's word counts; what any other host appended, an expiry too, the fold would ignore.
  if (vm.owner !== null && vm.owner !== context.host) {
    // P2: a rejection touches no VM, so no expectation would keep it and recovery's expiry from both being said.
    if (context.now > request.startBy) return { kind: 'left' };
    if (action.verb === 'create') return reject('vm-exists', `a VM of that id exists on ${vm.owner}`);
    const reached = context.host ?? 'no host';
    return reject('wrong-host', `the VM is owned by ${vm.owner}, and this reached ${reached}; send it again`);
  }
  if (context.now > request.startBy) return expire(vm, command, `not started by ${request.startBy}`);
  if (request.ifFailure !== undefined && vm.failure?.eventId !== request.ifFailure) {
    return reject('superseded', `failure ${request.ifFailure} is no longer this VM's`);
  }
  if (expectedRevision !== undefined && expectedRevision !== vm.revision) {
    return reject('revision-mismatch', `the VM is at revision ${vm.revision}, not ${expectedRevision}; read it again`);
  }
  const force = action.verb === 'delete' && action.params.force;
  const refusal = whyNot(vm, action.verb, force);
  return refusal === undefined ? undefined : reject(refusalCode(vm, action.verb), refusal);
};

/** What makes an unstarted command expire; used by whoever receives it late, and by recovery when nobody does. */
export const expire = (vm: Vm, command: WorkCommand, reason: string): Extract<Decision, { kind: 'expired' }> => ({
  kind: 'expired',
  fact: { name: 'command-expired', data: { request: command.data.request, reason, state: vm.state } },
});

const refusalCode = (vm: Vm, verb: Verb): RejectionCode => {
  if (verb === 'create') return 'vm-exists';
  if (vm.state === 'absent') return 'vm-not-found';
  return vm.state === 'deleted' ? 'vm-deleted' : 'illegal-state';
};

type Reject = (code: RejectionCode, reason: string) => Refused;

const capabilitiesOf = (admission: Admission): readonly Verb[] | undefined =>
  admission.ok ? admission.capabilities : undefined;

/** Names what the VM would take now, of what its hypervisor can do. */
const rejecting =
  (vm: Vm, capabilities: readonly Verb[] | undefined): Reject =>
  (code, reason) => {
    const allowed = allowedVerbs(vm, capabilities);
    return { kind: 'rejected', rejection: { code, reason, currentState: vm.state, allowed } };
  };

const admit = (vm: Vm, command: WorkCommand, context: DecideContext): Decision => {
  const { admission } = context;
  const reject = rejecting(vm, capabilitiesOf(admission));
  const { verb } = command.data.action;
  const needsHost = verb === 'create' || verb === 'boot' || verb === 'restore';
  if (!admission.ok) {
    if (needsHost) return reject(admission.code, admission.reason);
    return { kind: 'intent', fact: intentFor(vm, command, context) };
  }
  if (!admission.capabilities.includes(verb)) {
    return reject('unsupported', `${admission.hypervisor} cannot ${verb}`);
  }
  return { kind: 'intent', fact: intentFor(vm, command, context) };
};

/** Slow for a disk and a network: a fetch that takes longer is stuck. */
const FETCH_BYTES_PER_SECOND = 4 * 1024 * 1024;
/** What a create has beside its own time, for a host that has nothing of the image. */
const fetchSeconds = (image: ImageManifest): number =>
  Math.ceil(filesOf(image).reduce((bytes, { size }) => bytes + size, 0) / FETCH_BYTES_PER_SECOND);

const intentFor = (vm: Vm, command: WorkCommand, context: DecideContext): Intent => {
  const { action, image, request } = command.data;
  const within = (extraSeconds = 0) => later(context.now, (TASKS[action.verb].withinSeconds + extraSeconds) * 1000);
  const base = { request, deadline: within() };
  switch (action.verb) {
    case 'create': {
      if (!context.admission.ok) throw new Error('a create that the host did not admit has no intent');
      const { spec, start } = action.params;
      return {
        name: 'claimed',
        data: {
          request,
          deadline: within(image ? fetchSeconds(image) : 0),
          host: context.host,
          hypervisor: context.admission.hypervisor,
          spec,
          ...(image && { image }),
          start,
        },
      };
    }
    case 'boot':
      return { name: 'boot-started', data: { ...base, epoch: vm.epoch + 1 } };
    case 'shutdown': {
      const { mode, timeoutSeconds } = action.params;
      return { name: 'shutdown-started', data: { request, deadline: within(timeoutSeconds), mode, timeoutSeconds } };
    }
    case 'pause':
      return { name: 'pause-started', data: base };
    case 'resume':
      return { name: 'resume-started', data: base };
    case 'reboot': {
      const { force, timeoutSeconds } = action.params;
      return {
        name: 'reboot-started',
        data: { request, deadline: within(timeoutSeconds), epoch: vm.epoch + 1, force, timeoutSeconds },
      };
    }
    case 'delete': {
      const preempts = vm.task ? { preempts: vm.task.commandId } : {};
      return { name: 'delete-started', data: { ...base, force: action.params.force, ...preempts } };
    }
    case 'cleanup':
      return { name: 'cleanup-started', data: base };
    case 'snapshot':
      return { name: 'snapshot-started', data: base };
    case 'restore':
      return { name: 'restore-started', data: { ...base, epoch: vm.epoch + 1 } };
    default:
      return action satisfies never;
  }
};

/** The boot that a `create` with `start` goes on to once created; undefined when none is due. */
export const continuation = (vm: Vm, now: Timestamp): Intent | undefined => {
  const { task } = vm;
  if (task?.verb !== 'create' || !task.thenBoot || vm.state !== 'created') return undefined;
  const deadline = later(now, TASKS.boot.withinSeconds * 1000);
  return { name: 'boot-started', data: { request: task.intent.data.request, deadline, epoch: vm.epoch + 1 } };
};

/** What a dead hypervisor process means: a crash, the failure of the task in flight, or what the task wanted anyway. */
export const decideCrash = (vm: Vm): 'crashed' | 'task-failed' | 'continue' =>
  vm.task ? TASKS[vm.task.verb].onCrash : 'crashed';
