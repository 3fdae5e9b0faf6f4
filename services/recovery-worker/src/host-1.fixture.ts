// For tests: a host that decides commands and writes its own events as an executor does, but whose effects are told to it.
import { commandRejected, decide, type EventMeta, hostEvent, nextEvent, type Vm } from '@ironlog/domain';
import type { EventLog } from '@ironlog/event-log';
import {
  type HostEvent,
  type HostFact,
  hostId,
  newCommandId,
  newEventId,
  type RejectionCode,
  rejectionSubject,
  tenantId,
  VERBS,
  type VmFact,
  type VmSpecInput,
  vmEventSubject,
  vmFilter,
  vmSpecSchema,
  type WorkCommand,
} from '@ironlog/schemas';
import { newTraceparent } from './trace.fixture.ts';
import { VmLoader, type VmRef } from './vm-loader.ts';

export const HOST = hostId('host-1');
export const TENANT = tenantId('acme');
const SOON_MS = 600_000;

export interface Host1 {
  vm(ref: VmRef): Promise<Vm>;
  /** Appends what happened, as the owner; with no cause named, the task in flight is it. */
  say(ref: VmRef, fact: VmFact, meta?: Partial<EventMeta>): Promise<Vm>;
  /** Decides as an executor would, and appends the intent, the expiry or the rejection. */
  decide(
    command: WorkCommand,
    refusal?: { readonly code: RejectionCode; readonly reason: string },
  ): Promise<Vm | undefined>;
}

export const host1 = (log: EventLog): Host1 => {
  const vm = (ref: VmRef): Promise<Vm> => new VmLoader({ log, reads: { aggregate: () => undefined } }).load(ref);
  const say: Host1['say'] = async (ref, fact, meta = {}) => {
    const before = await vm(ref);
    const event = nextEvent(before, fact, {
      id: newEventId(),
      time: new Date().toISOString(),
      writer: HOST,
      actor: 'tester',
      ...meta,
    });
    const subject = vmEventSubject(ref.tenant, ref.vmId, HOST, fact.name);
    const filter = vmFilter(ref.tenant, ref.vmId);
    const result = await log.append({ subject, event, filter, expected: before.sequence });
    if (result.kind !== 'committed') throw new Error(`${fact.name} was not committed: ${result.kind}`);
    return vm(ref);
  };
  return {
    vm,
    say,
    decide: async (command, refusal) => {
      const ref = { tenant: command.tenant, vmId: command.subject };
      const decision = decide(await vm(ref), command, {
        now: new Date().toISOString(),
        host: HOST,
        admission: refusal ? { ok: false, ...refusal } : { ok: true, hypervisor: 'simulator', capabilities: VERBS },
      });
      const { id, actor, correlationid, traceparent } = command;
      const cause = { causationid: id, correlationid, actor, ...(traceparent && { traceparent }) };
      if (decision.kind === 'intent' || decision.kind === 'expired') return say(ref, decision.fact, cause);
      if (decision.kind !== 'rejected') return undefined;
      const event = commandRejected(command, decision.rejection, { writer: HOST, time: new Date().toISOString() });
      await log.appendRejection(rejectionSubject(command.tenant, HOST), event);
      return undefined;
    },
  };
};

/** An event of the host's own life. */
export const eventOfHost = (fact: HostFact): HostEvent =>
  hostEvent(HOST, fact, { id: newEventId(), time: new Date().toISOString(), writer: HOST });

/** Facts as plain as they can be. */
export const failed = (epoch: number, residue: ('process' | 'socket' | 'directory')[] = []) => ({
  epoch,
  stage: 'spawn',
  code: 'spawn-failed',
  reason: 'no such file',
  retryable: true,
  residue,
});
export const crashed = (epoch: number, residue: ('process' | 'socket')[] = []): VmFact => ({
  name: 'crashed',
  data: { epoch, reason: 'SIGKILL', detectedBy: 'child-exit', residue, signal: 'SIGKILL' },
});

/** The guest has switched itself off. */
export const switchedOff = (epoch: number): VmFact => ({
  name: 'stopped',
  data: { epoch, cause: 'guest', forced: false, exitCode: 0 },
});

export const requestOf = (verb: WorkCommand['data']['request']['verb'], startInMs = SOON_MS) => ({
  verb,
  door: 'http' as const,
  requestedAt: new Date().toISOString(),
  startBy: new Date(Date.now() + startInMs).toISOString(),
  bodyHash: 'a'.repeat(64),
});

/** Claims and creates a VM as an HTTP create would; `boot` also runs it. */
export const createVm = async (host: Host1, ref: VmRef, spec: VmSpecInput, boot: boolean): Promise<Vm> => {
  const begin = (): Partial<EventMeta> => {
    const id = newCommandId();
    return { causationid: id, correlationid: id, traceparent: newTraceparent() };
  };
  const deadline = new Date(Date.now() + SOON_MS).toISOString();
  const claim = { request: requestOf('create'), deadline, host: HOST, hypervisor: 'simulator', start: false } as const;
  await host.say(ref, { name: 'claimed', data: { ...claim, spec: vmSpecSchema.parse(spec) } }, begin());
  const created = await host.say(ref, { name: 'created', data: { epoch: 0 } });
  if (!boot) return created;
  await host.say(ref, { name: 'boot-started', data: { request: requestOf('boot'), deadline, epoch: 1 } }, begin());
  return host.say(ref, { name: 'booted', data: { epoch: 1 } });
};
