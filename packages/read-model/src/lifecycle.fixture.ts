// For tests: a log in which VMs are created, booted, stopped, crash and are deleted, as the stream stores it.
import { hash } from 'node:crypto';
import { evolve, initialVm, nextEvent, type Vm } from '@ironlog/domain';
import {
  type CommandId,
  commandId,
  eventId,
  hostId,
  type Request,
  readStoredEvent,
  type TenantId,
  type Verb,
  type VmFact,
  type VmId,
  vmEventSubject,
  vmSpecSchema,
  type WorkCommand,
  type Writer,
} from '@ironlog/schemas';
import type { LogEntry, LogIdentity } from './log-entry.ts';

export const HOST = hostId('host-1');
const EPOCH_MS = Date.parse('2026-01-01T00:00:00.000Z');
export const timeAt = (second: number): string => new Date(EPOCH_MS + second * 1000).toISOString();

const request = (verb: Verb, second: number): Request => ({
  verb,
  door: 'http',
  requestedAt: timeAt(second),
  startBy: timeAt(second + 600),
  bodyHash: 'a'.repeat(64),
});

export interface TestLog {
  readonly entries: LogEntry[];
  info(): LogIdentity;
  /** Stores any entry, and returns its sequence. */
  store(subject: string, bytes: Uint8Array): number;
  vm(tenant: TenantId, id: VmId): TestVm;
}

export interface TestVm {
  readonly now: () => Vm;
  /** `command`: the create from WORK that it decides; by default one of its own. */
  claim(spec?: object, command?: WorkCommand): void;
  /** By the gateway, for a delete; `token-9` had requested the named create. */
  cancel(create: string): void;
  append(...names: readonly EventName[]): void;
}

type EventName = 'created' | 'boot' | 'booted' | 'stopped' | 'crashed' | 'delete' | 'deleted' | 'expired' | 'stuck';

const factOf = (name: EventName, { epoch, state }: Vm, second: number): VmFact => {
  const begin = (verb: Verb) => ({ request: request(verb, second), deadline: timeAt(second + 60) });
  switch (name) {
    case 'created':
      return { name, data: { epoch } };
    case 'boot':
      return { name: 'boot-started', data: { ...begin('boot'), epoch: epoch + 1 } };
    case 'booted':
      return { name, data: { epoch } };
    case 'stopped':
      return { name, data: { epoch, cause: 'guest', forced: false } };
    case 'crashed':
      return {
        name,
        data: { epoch, reason: 'killed', detectedBy: 'child-exit', signal: 'SIGKILL', residue: [] },
      };
    case 'delete':
      return { name: 'delete-started', data: { ...begin('delete'), force: false } };
    case 'deleted':
      return { name, data: { epoch } };
    case 'stuck':
      return { name, data: { verb: 'boot', deadline: timeAt(second), actionRequired: 'look' } };
    case 'expired':
      return { name: 'command-expired', data: { request: request('create', second), reason: 'late', state } };
    default:
      return name satisfies never;
  }
};

/** Its clock advances one second per entry. */
export const testLog = (): TestLog => {
  const entries: LogEntry[] = [];
  const store = (subject: string, bytes: Uint8Array): number => {
    const sequence = entries.length + 1;
    const read = readStoredEvent(subject, bytes);
    entries.push({
      sequence,
      subject,
      bytes,
      hash: hash('sha256', bytes, 'hex'),
      storedAt: new Date(timeAt(sequence)),
      read,
    });
    return sequence;
  };
  const vm = (tenant: TenantId, id: VmId): TestVm => {
    let now = initialVm(tenant, id);
    const appendFact = (fact: VmFact, writer: Writer = HOST, by?: CommandId): void => {
      const second = entries.length + 1;
      const cause = by ?? commandId(`cmd-${second}`);
      const causes = 'request' in fact.data ? { causationid: cause, correlationid: cause } : {};
      const event = nextEvent(now, fact, {
        id: eventId(`evt-${String(second).padStart(26, '0')}`),
        time: timeAt(second),
        writer,
        actor: 'token-1',
        ...causes,
      });
      const { name, ...body } = event;
      const sequence = store(vmEventSubject(tenant, id, writer, name), new TextEncoder().encode(JSON.stringify(body)));
      const entry = entries[sequence - 1];
      if (!entry?.read.ok) throw new Error(`${name} does not parse: ${JSON.stringify(entry?.read)}`);
      const evolved = evolve(now, { sequence, hash: entry.hash, writer, event });
      if (evolved.kind === 'ignored') throw new Error(`${name} is ignored: ${evolved.reason}`);
      now = evolved.vm;
    };
    return {
      now: () => now,
      claim: (spec = {}, command) =>
        appendFact(
          {
            name: 'claimed',
            data: {
              request: command?.data.request ?? request('create', entries.length + 1),
              deadline: timeAt(entries.length + 61),
              host: HOST,
              hypervisor: 'simulator',
              spec: vmSpecSchema.parse(spec),
              start: false,
            },
          },
          HOST,
          command?.id,
        ),
      cancel: (create) =>
        appendFact(
          {
            name: 'cancelled',
            data: {
              request: request('delete', entries.length + 1),
              reason: 'unclaimed',
              cancels: commandId(create),
              create: { request: request('create', 0), actor: 'token-9' },
            },
          },
          'gateway',
        ),
      append: (...names) => {
        for (const name of names)
          appendFact(factOf(name, now, entries.length + 1), name === 'stuck' ? 'recovery' : HOST);
      },
    };
  };
  return {
    entries,
    store,
    vm,
    info: () => ({ createdAt: new Date(EPOCH_MS), lastSequence: entries.length }),
  };
};
