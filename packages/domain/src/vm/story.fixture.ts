// For tests: short event histories. `given('claimed', 'created')` folds legal events; `command('boot')` makes one.
import {
  actionSchema,
  commandId,
  eventId,
  hostId,
  type Request,
  tenantId,
  type Verb,
  type VmEvent,
  type VmEventName,
  type VmFact,
  vmId,
  vmSpecSchema,
  type WorkCommand,
  type Writer,
} from '@ironlog/schemas';
import { workCommand } from '../commands/work-command.ts';
import { evolve } from './evolve.ts';
import { nextEvent } from './next-event.ts';
import { verbOfFailure, verbOfIntent, verbOfSuccess } from './tasks.ts';
import { initialVm, type Vm } from './vm.ts';

export const NOW = '2026-01-01T00:00:00.000Z';
export const LATER = '2026-01-01T00:10:00.000Z';
export const HOST = hostId('host-1');
const hash = (revision: number) => revision.toString(16).padStart(64, '0');

export const at = (seconds: number): string => new Date(Date.parse(NOW) + seconds * 1000).toISOString();
export const blank = (): Vm => initialVm(tenantId('acme'), vmId('vm-1'));

export const request = (verb: Verb, more: Partial<Request> = {}): Request => ({
  verb,
  door: 'http',
  requestedAt: NOW,
  startBy: LATER,
  bodyHash: 'a'.repeat(64),
  ...more,
});

export interface CommandOptions {
  readonly id?: string;
  readonly params?: object;
  readonly ifFailure?: string;
  readonly expectedRevision?: number;
  readonly door?: Request['door'];
}

export const command = (verb: Verb, options: CommandOptions = {}): WorkCommand => {
  const id = commandId(options.id ?? `cmd-${verb}`);
  const extra = options.ifFailure === undefined ? {} : { ifFailure: eventId(options.ifFailure) };
  return workCommand({
    writer: 'gateway',
    id,
    tenant: tenantId('acme'),
    vmId: vmId('vm-1'),
    actor: 'token-1',
    action: actionSchema.parse({ verb, params: options.params ?? {} }),
    request: request(verb, { ...extra, door: options.door ?? 'http' }),
    expectedRevision: options.expectedRevision,
  });
};

const failed = (epoch: number) => ({
  epoch,
  stage: 'spawn',
  code: 'spawn-failed',
  reason: 'no such file',
  retryable: true,
  residue: [],
});

/** The minimal data of each event for the given VM. */
const plain = (vm: Vm, name: VmEventName): VmFact => {
  const base = (verb: Verb) => ({ request: request(verb), deadline: LATER });
  const { epoch } = vm;
  const next = epoch + 1;
  const data: { [N in VmEventName]: () => Extract<VmFact, { name: N }>['data'] } = {
    claimed: () => ({
      ...base('create'),
      host: HOST,
      hypervisor: 'simulator',
      spec: vmSpecSchema.parse({}),
      start: false,
    }),
    created: () => ({ epoch }),
    'create-failed': () => failed(epoch),
    'boot-started': () => ({ ...base('boot'), epoch: next }),
    booted: () => ({ epoch }),
    'boot-failed': () => failed(epoch),
    'shutdown-started': () => ({ ...base('shutdown'), mode: 'graceful', timeoutSeconds: 30 }),
    stopped: () => ({ epoch, cause: 'requested', forced: false }),
    'shutdown-failed': () => failed(epoch),
    'pause-started': () => base('pause'),
    paused: () => ({ epoch }),
    'pause-failed': () => failed(epoch),
    'resume-started': () => base('resume'),
    resumed: () => ({ epoch }),
    'resume-failed': () => failed(epoch),
    'reboot-started': () => ({ ...base('reboot'), epoch: next, force: false, timeoutSeconds: 30 }),
    rebooted: () => ({ epoch, cause: 'requested', forced: false }),
    'reboot-failed': () => failed(epoch),
    'delete-started': () => ({ ...base('delete'), force: false }),
    deleted: () => ({ epoch }),
    'delete-failed': () => failed(epoch),
    'cleanup-started': () => base('cleanup'),
    cleaned: () => ({ epoch, removed: [] }),
    'cleanup-failed': () => failed(epoch),
    'snapshot-started': () => base('snapshot'),
    snapshotted: () => ({ epoch }),
    'snapshot-failed': () => failed(epoch),
    'restore-started': () => ({ ...base('restore'), epoch: next }),
    restored: () => ({ epoch }),
    'restore-failed': () => failed(epoch),
    crashed: () => ({ epoch, reason: 'SIGKILL', detectedBy: 'child-exit', residue: [], signal: 'SIGKILL' }),
    unresponsive: () => ({ epoch, sinceMs: 10_000 }),
    responsive: () => ({ epoch, afterMs: 5 }),
    'guest-steady': () => ({ epoch, forMs: 600_000 }),
    ready: () => ({ epoch, tookMs: 1500 }),
    'not-ready': () => ({ epoch, afterMs: 60_000 }),
    diverged: () => ({ expected: 'running', observed: 'absent', resolution: 'recorded as crashed' }),
    lost: () => ({ host: HOST, reason: 'no heartbeat' }),
    found: () => ({ observed: 'running', epoch }),
    stuck: () => ({ verb: vm.task?.verb ?? 'boot', deadline: LATER, actionRequired: 'check the host' }),
    'cleanup-abandoned': () => ({
      failureId: eventId(`evt-${'0'.repeat(26)}`),
      attempts: 6,
      residue: ['process'],
      actionRequired: 'kill it',
    }),
    cancelled: () => ({ request: request('delete'), reason: 'unclaimed' }),
    'command-expired': () => ({ request: request('boot'), reason: 'late', state: vm.state }),
  };
  return { name, data: data[name]() } as VmFact;
};

const writerOf = (name: VmEventName): Writer => {
  if (name === 'cancelled') return 'gateway';
  return name === 'lost' || name === 'stuck' || name === 'cleanup-abandoned' ? 'recovery' : HOST;
};

export interface EventOptions {
  readonly data?: object;
  readonly id?: string;
  readonly causationid?: string;
  readonly seconds?: number;
  readonly writer?: Writer;
}

/** The VM's next event. An outcome has the command of the task in flight as its cause. */
export const event = (vm: Vm, name: VmEventName, options: EventOptions = {}): VmEvent => {
  const fact = plain(vm, name);
  const verb = verbOfIntent(name);
  const ends = verbOfSuccess(name) ?? verbOfFailure(name);
  const cause =
    options.causationid ??
    (verb ? `cmd-${verb}` : ends && vm.task ? vm.task.commandId : name === 'command-expired' ? 'cmd-late' : undefined);
  return nextEvent(vm, { name, data: { ...fact.data, ...options.data } } as VmFact, {
    id: eventId(options.id ?? `evt-${String(vm.revision + 1).padStart(26, '0')}`),
    time: at(options.seconds ?? vm.revision),
    writer: options.writer ?? writerOf(name),
    actor: 'token-1',
    ...(cause === undefined ? {} : { causationid: commandId(cause), correlationid: commandId(cause) }),
  });
};

export const apply = (vm: Vm, next: VmEvent, writer: Writer = writerOf(next.name)) =>
  evolve(vm, { sequence: vm.sequence + 1, hash: hash(next.revision), writer, event: next });

/** Folds the events in order. Throws on an event that the fold ignores: a history must be legal. */
export const given = (...names: (VmEventName | [VmEventName, EventOptions])[]): Vm =>
  names.reduce((vm: Vm, entry) => {
    const [name, options] = typeof entry === 'string' ? [entry, {}] : entry;
    const evolved = apply(vm, event(vm, name, options));
    if (evolved.kind === 'ignored') throw new Error(`not a legal story at ${name}: ${evolved.reason}`);
    return evolved.vm;
  }, blank());

export const CREATED = ['claimed', 'created'] as const;
export const RUNNING = [...CREATED, 'boot-started', 'booted'] as const;
export const PAUSED = [...RUNNING, 'pause-started', 'paused'] as const;
export const STOPPED = [...RUNNING, 'shutdown-started', 'stopped'] as const;
export const CRASHED = [...RUNNING, 'crashed'] as const;

/** A history for each verb in flight. */
export const IN_FLIGHT = {
  create: ['claimed'],
  boot: [...CREATED, 'boot-started'],
  shutdown: [...RUNNING, 'shutdown-started'],
  pause: [...RUNNING, 'pause-started'],
  resume: [...PAUSED, 'resume-started'],
  reboot: [...RUNNING, 'reboot-started'],
  delete: [...CREATED, 'delete-started'],
  cleanup: [...CRASHED, 'cleanup-started'],
  snapshot: [...PAUSED, 'snapshot-started'],
  restore: [...STOPPED, 'restore-started'],
} as const satisfies Record<Verb, readonly VmEventName[]>;
