// The log of a fleet: VMs that are created, run, are paused, rebooted, crash, are restarted and deleted, interleaved as on busy
// hosts.
import { createHash } from 'node:crypto';
import { evolve, initialVm, nextEvent, type Vm, verbOfIntent } from '@ironlog/domain';
import {
  commandId,
  eventId,
  hostId,
  type Request,
  type TenantId,
  tenantId,
  type Verb,
  type VmFact,
  vmEventSubject,
  vmId,
  vmSpecSchema,
} from '@ironlog/schemas';

export interface LogMessage {
  readonly subject: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

const HOST = hostId('host-1');
const TENANT = tenantId('dev');
const START_MS = Date.parse('2026-01-01T00:00:00.000Z');

type Step =
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

const factOf = (step: Step, { epoch }: Vm, at: (seconds: number) => string): VmFact => {
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
          host: HOST,
          hypervisor: 'simulator',
          spec: vmSpecSchema.parse({ labels: { tier: 'web', release: '42' } }),
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
  readonly steps: readonly Step[];
  written: number;
}

/** A host's design number of VMs is alive at once, interleaved; a finished one is replaced by the next. */
const ALIVE = 1000;

/** Legal by the fold itself: an event that it ignores is a bug of this file. */
export const fleetLog = function* (events: number, vms: number, tenant: TenantId = TENANT): Generator<LogMessage> {
  const alive: Life[] = [];
  let born = 0;
  const birth = (): Life => {
    const vm = initialVm(tenant, vmId(`vm-${born}`));
    const steps = LIVES[born % LIVES.length] ?? RUN;
    born += 1;
    return { vm, steps, written: 0 };
  };
  while (alive.length < Math.min(ALIVE, vms)) alive.push(birth());
  for (let sequence = 1, turn = 0; sequence <= events; turn += 1) {
    const place = turn % alive.length;
    const life = alive[place];
    if (!life) throw new Error(`${vms} VMs have no more than ${sequence - 1} events`);
    yield nextMessage(life, sequence);
    sequence += 1;
    if (life.written < life.steps.length) continue;
    if (born < vms) alive[place] = birth();
    else alive.splice(place, 1);
  }
};

const nextMessage = (life: Life, sequence: number): LogMessage => {
  const step = life.steps[life.written];
  if (step === undefined) throw new Error(`the life of ${life.vm.id} is over`);
  const at = (seconds: number): string => new Date(START_MS + (sequence + seconds) * 1000).toISOString();
  const fact = factOf(step, life.vm, at);
  const id = eventId(`evt-${String(sequence).padStart(26, '0')}`);
  const cause = commandId(`cmd-${String(sequence).padStart(26, '0')}`);
  const event = nextEvent(life.vm, fact, {
    id,
    time: at(0),
    writer: HOST,
    actor: 'dev',
    ...(verbOfIntent(fact.name) === undefined ? {} : { causationid: cause, correlationid: cause }),
  });
  const { name, ...body } = event;
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const hash = createHash('sha256').update(bytes).digest('hex');
  const evolved = evolve(life.vm, { sequence, hash, writer: HOST, event });
  if (evolved.kind === 'ignored') throw new Error(`${name} of ${life.vm.id} is not legal: ${evolved.reason}`);
  life.vm = evolved.vm;
  life.written += 1;
  return { subject: vmEventSubject(life.vm.tenant, life.vm.id, HOST, name), id, bytes };
};
