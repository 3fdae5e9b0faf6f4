// `decide`: what a command leads to, given the VM folded from its log. Pure: no clock, no I/O; every answer is a value.
import {
  type Action,
  filesOf,
  type HostId,
  type HypervisorKind,
  type ImageManifest,
  type Rejection,
  type RejectionCode,
  type Timestamp,
  type Until,
  type Verb,
  type VmFact,
  type WorkCommand,
} from '@ironlog/schemas';
import { allowedVerbs, whyNot } from './allowed.ts';
import { TASKS } from './tasks.ts';
import { later } from './time.ts';
import type { Intent, Outcome, Vm } from './vm.ts';

/** The host's capacity check of a create. */
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
  /** The deciding host; absent when no host owns the VM. */
  readonly host?: HostId;
  /** The verbs that the VM's hypervisor supports; without it every verb may be listed as allowed. */
  readonly capabilities?: readonly Verb[] | undefined;
}

export type Decision =
  | { readonly kind: 'intent'; readonly fact: Intent }
  | { readonly kind: 'expired'; readonly fact: Extract<VmFact, { name: 'command-expired' }> }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'duplicate'; readonly outcome: Outcome }
  /** A late command at a host that is not the owner: only recovery appends its expiry. */
  | { readonly kind: 'left-to-recovery' };

type Refused = Exclude<Decision, { readonly kind: 'intent' }>;

export const decide = (vm: Vm, command: WorkCommand, context: DecideContext): Decision => {
  const { admission, host, now } = context;
  return refuse(vm, command, { now, host, capabilities: capabilitiesOf(admission) }) ?? admit(vm, command, context);
};

/** The answer to a command that holds on every host; `undefined`: the host decides. */
export const refuse = (vm: Vm, command: WorkCommand, context: RefuseContext): Refused | undefined => {
  const { action, request, expectedRevision } = command.data;
  const known = vm.commands.find((record) => record.id === command.id);
  if (known) return { kind: 'duplicate', outcome: known.outcome };
  const reject = rejecting(vm, context.capabilities);
  // P4: only the owner may append. The fold ignores an append by any other host, an expiry too.
  if (vm.owner !== null && vm.owner !== context.host) {
    // P2: a rejection carries no expectation on the VM, so it could be stored beside recovery's expiry.
    if (context.now > request.startBy) return { kind: 'left-to-recovery' };
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
  const unready = whyNotUntil(vm, action);
  if (unready !== undefined) return reject('invalid-command', unready);
  const force = action.verb === 'delete' && action.params.force;
  const refusal = whyNot(vm, action.verb, force);
  return refusal === undefined ? undefined : reject(refusalCode(vm, action.verb), refusal);
};

/** A guest of which nobody knows how it says that it is ready cannot be waited for. */
const whyNotUntil = (vm: Vm, action: Action): string | undefined => {
  if (action.verb === 'boot' && action.params.until && vm.state !== 'absent' && !vm.spec?.ready)
    return 'until ready needs a spec.ready, and the VM has none';
  if (action.verb !== 'create' || !action.params.until) return undefined;
  return action.params.start && action.params.spec.ready ? undefined : UNTIL_NEEDS;
};
export const UNTIL_NEEDS = 'until ready needs start and spec.ready';

/** Of what is in flight, or goes on until the guest is ready. */
const preempted = ({ awaited, task }: Vm) => {
  const id = task?.commandId ?? awaited?.command?.id;
  return id ? { preempts: id } : {};
};

const untilOf = ({ until }: { readonly until?: Until | undefined }) => (until ? { until } : {});

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

/** The rejection lists the verbs that the VM accepts now and its hypervisor supports. */
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
      const { spec, start, until } = action.params;
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
          ...untilOf({ until }),
        },
      };
    }
    case 'boot':
      return { name: 'boot-started', data: { ...base, epoch: vm.epoch + 1, ...untilOf(action.params) } };
    case 'shutdown': {
      const { mode, timeoutSeconds } = action.params;
      return {
        name: 'shutdown-started',
        data: { request, deadline: within(timeoutSeconds), mode, timeoutSeconds, ...preempted(vm) },
      };
    }
    case 'pause':
      return { name: 'pause-started', data: base };
    case 'resume':
      return { name: 'resume-started', data: base };
    case 'reboot': {
      const { force, timeoutSeconds } = action.params;
      return {
        name: 'reboot-started',
        data: {
          request,
          deadline: within(timeoutSeconds),
          epoch: vm.epoch + 1,
          force,
          timeoutSeconds,
          ...preempted(vm),
        },
      };
    }
    case 'delete': {
      return { name: 'delete-started', data: { ...base, force: action.params.force, ...preempted(vm) } };
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

/** The boot that continues a `create` with `start` after `created`; `undefined` when none is due. */
export const continuation = (vm: Vm, now: Timestamp): Intent | undefined => {
  const { task } = vm;
  if (task?.verb !== 'create' || !task.thenBoot || vm.state !== 'created') return undefined;
  const deadline = later(now, TASKS.boot.withinSeconds * 1000);
  const { intent } = task;
  const data = { request: intent.data.request, deadline, epoch: vm.epoch + 1 };
  return { name: 'boot-started', data: { ...data, ...(intent.name === 'claimed' && untilOf(intent.data)) } };
};

/** What a dead hypervisor process means: a crash, the failure of the task in flight, or the task's expected result. */
export const decideCrash = (vm: Vm): 'crashed' | 'task-failed' | 'continue' =>
  vm.task ? TASKS[vm.task.verb].onCrash : 'crashed';
