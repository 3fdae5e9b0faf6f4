// The log of a fleet: VMs that are created, run, are paused, rebooted, crash, are restarted and deleted, interleaved as on busy
// hosts.
import { createHash } from 'node:crypto';
import { evolve, initialVm, nextEvent, type Vm, verbOfIntent } from '@ironlog/domain';
import {
  commandId,
  eventId,
  type HostId,
  hostId,
  type Request,
  type TenantId,
  tenantId,
  type Verb,
  type VmFact,
  type VmId,
  type VmSpec,
  vmEventSubject,
  vmId,
  vmSpecSchema,
} from '@ironlog/schemas';

export interface LogMessage {
  readonly subject: string;
  readonly id: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes. */
  readonly hash: string;
}

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');

export type Step =
  | 'claimed'
  | 'created'
  | 'boot'
  | 'booted'
  | 'pause'
  | 'paused'
  | 'resume'
  | 'resumed'
  | 'crashed'
  | 'shutdown'
  | 'stopped'
  | 'delete'
  | 'deleted';

const RUN: readonly Step[] = ['claimed', 'created', 'boot', 'booted'];
/** Eight events on average, as 200,000 over 25,000 VMs require. */
const LIVES: readonly (readonly Step[])[] = [
  [...RUN, 'shutdown', 'stopped', 'delete', 'deleted'],
  [...RUN, 'pause', 'paused', 'resume', 'resumed', 'crashed', 'boot', 'booted'],
  [...RUN, 'crashed', 'boot', 'booted'],
  [...RUN, 'delete', 'deleted'],
];

/** A VM and what becomes of it. */
export interface Born {
  readonly tenant: TenantId;
  readonly id: VmId;
  readonly host: HostId;
  readonly spec: VmSpec;
  readonly steps: readonly Step[];
}

const DEV = tenantId('dev');
const HOST = hostId('host-1');
const SPEC = vmSpecSchema.parse({ labels: { tier: 'web', release: '42' } });
const ofTenant =
  (tenant: TenantId) =>
  (n: number): Born => ({
    tenant,
    id: vmId(`vm-${n}`),
    host: HOST,
    spec: SPEC,
    steps: LIVES[n % LIVES.length] ?? RUN,
  });

const factOf = (step: Step, { vm: { epoch }, born: { host, spec } }: Life, at: (seconds: number) => string): VmFact => {
  const request = (verb: Verb): Request => ({
    verb,
    door: 'http',
    requestedAt: at(0),
    startBy: at(600),
    bodyHash: 'a'.repeat(64),
  });
  const begin = (verb: Verb) => ({ request: request(verb), deadline: at(60) });
  switch (step) {
    case 'claimed':
      return {
        name: step,
        data: {
          ...begin('create'),
          host,
          hypervisor: 'simulator',
          spec,
          start: false,
        },
      };
    case 'boot':
      return { name: 'boot-started', data: { ...begin('boot'), epoch: epoch + 1 } };
    case 'pause':
      return { name: 'pause-started', data: begin('pause') };
    case 'resume':
      return { name: 'resume-started', data: begin('resume') };
    case 'shutdown':
      return { name: 'shutdown-started', data: { ...begin('shutdown'), mode: 'graceful', timeoutSeconds: 30 } };
    case 'delete':
      return { name: 'delete-started', data: { ...begin('delete'), force: true } };
    case 'stopped':
      return { name: step, data: { epoch, cause: 'requested', forced: false } };
    case 'crashed':
      return {
        name: step,
        data: { epoch, reason: 'killed', detectedBy: 'child-exit', signal: 'SIGKILL', residue: [] },
      };
    default:
      return { name: step, data: { epoch } };
  }
};

interface Life {
  vm: Vm;
  readonly born: Born;
  written: number;
}

/** A host's design number of VMs is alive at once, interleaved; a finished one is replaced by the next. */
const ALIVE = 1000;

/** Legal by the fold itself: an event that it ignores is a bug of this file. `Infinity`: until the last VM's last step. */
export const fleetLog = function* (
  events: number,
  vms: number,
  bornAs: (n: number) => Born = ofTenant(DEV),
): Generator<LogMessage> {
  const alive: Life[] = [];
  let births = 0;
  const birth = (): Life => {
    const born = bornAs(births);
    births += 1;
    return { vm: initialVm(born.tenant, born.id), born, written: 0 };
  };
  while (alive.length < Math.min(ALIVE, vms)) alive.push(birth());
  for (let sequence = 1, turn = 0; sequence <= events; turn += 1) {
    const place = turn % alive.length;
    const life = alive[place];
    if (!life) {
      if (Number.isFinite(events)) throw new Error(`${vms} VMs have no more than ${sequence - 1} events to tell`);
      return;
    }
    yield nextMessage(life, sequence);
    sequence += 1;
    if (life.written < life.born.steps.length) continue;
    if (births < vms) alive[place] = birth();
    else alive.splice(place, 1);
  }
};

const nextMessage = (life: Life, sequence: number): LogMessage => {
  const { born, vm } = life;
  const step = born.steps[life.written];
  if (step === undefined) throw new Error(`the life of ${vm.id} is over`);
  const at = (seconds: number): string => new Date(START_MS + (sequence + seconds) * 1000).toISOString();
  const fact = factOf(step, life, at);
  const id = eventId(`evt-${String(sequence).padStart(26, '0')}`);
  const cause = commandId(`cmd-${String(sequence).padStart(26, '0')}`);
  const event = nextEvent(vm, fact, {
    id,
    time: at(0),
    writer: born.host,
    actor: 'dev',
    ...(verbOfIntent(fact.name) === undefined ? {} : { causationid: cause, correlationid: cause }),
  });
  const { name, ...body } = event;
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const hash = createHash('sha256').update(bytes).digest('hex');
  const evolved = evolve(vm, { sequence, hash, writer: born.host, event });
  if (evolved.kind === 'ignored') throw new Error(`${name} of ${vm.id} is not legal: ${evolved.reason}`);
  life.vm = evolved.vm;
  life.written += 1;
  return { subject: vmEventSubject(born.tenant, born.id, born.host, name), id, bytes, hash };
};
