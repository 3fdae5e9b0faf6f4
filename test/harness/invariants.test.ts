// Tests of the checker: a log and a machine with one fault each, and the expected problem.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evolve, initialVm, nextEvent, type Vm } from '@ironlog/domain';
import { hashOf, type Recorded } from '@ironlog/event-log';
import { findUnder } from '@ironlog/hypervisor';
import {
  type CommandId,
  commandId,
  encodeEvent,
  hostId,
  newEventId,
  type Request,
  readStoredEvent,
  tenantId,
  type Verb,
  type VmFact,
  vmEventSubject,
  vmId,
  vmSpecSchema,
  type Writer,
} from '@ironlog/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check, processProblems } from './invariants.ts';
import { until } from './until.ts';

const TENANT = tenantId('acme');
const VM = vmId('vm-1');
const HOST = hostId('host-1');
const FOREIGN_HOST = hostId('host-2');
const NOW = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-01T00:10:00.000Z';

let host: string;
let processes: ChildProcess[];
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'il-checker-'));
  processes = [];
});
afterEach(async () => {
  for (const process of processes) {
    const gone = once(process, 'exit');
    process.kill('SIGKILL');
    await gone;
  }
  rmSync(host, { recursive: true, force: true });
});

const request = (verb: Verb): Request => ({
  verb,
  door: 'http',
  requestedAt: NOW,
  startBy: LATER,
  bodyHash: 'a'.repeat(64),
});
const begin = (verb: Verb) => ({ request: request(verb), deadline: LATER });

type Entry = readonly [fact: VmFact, cause?: string | undefined, writer?: Writer];
const CLAIMED: Entry = [
  {
    name: 'claimed',
    data: { ...begin('create'), host: HOST, hypervisor: 'simulator', spec: vmSpecSchema.parse({}), start: false },
  },
  'cmd-create',
];
const CREATED: Entry = [{ name: 'created', data: { epoch: 0 } }, 'cmd-create'];
const BOOTING: Entry = [{ name: 'boot-started', data: { ...begin('boot'), epoch: 1 } }, 'cmd-boot'];
const BOOTED: Entry = [{ name: 'booted', data: { epoch: 1 } }, 'cmd-boot'];
const DELETING: Entry = [{ name: 'delete-started', data: { ...begin('delete'), force: true } }, 'cmd-delete'];
const DELETED: Entry = [{ name: 'deleted', data: { epoch: 1 } }, 'cmd-delete'];
/** By a delete, before any claim. */
const CANCELLED = [
  { name: 'cancelled', data: { request: request('delete'), reason: 'unclaimed', cancels: commandId('cmd-create') } },
  'cmd-delete',
  'gateway',
] as const satisfies Entry;
const RUNNING = [CLAIMED, CREATED, BOOTING, BOOTED];
const LIFE = [...RUNNING, DELETING, DELETED];

const recorded = (sequence: number, subject: string, bytes: Uint8Array): Recorded => ({
  sequence,
  subject,
  bytes,
  hash: hashOf(bytes),
  storedAt: new Date(NOW),
  messageId: undefined,
  read: readStoredEvent(subject, bytes),
});

/** As the stream stores it, including entries that the fold ignores. */
const logOf = (story: readonly Entry[]): Recorded[] => {
  let vm: Vm = initialVm(TENANT, VM);
  return story.map(([fact, cause, writer = HOST], index) => {
    const id = cause === undefined ? undefined : commandId(cause);
    const event = nextEvent(vm, fact, {
      id: newEventId(),
      time: NOW,
      writer,
      actor: 'token-1',
      ...(id && { causationid: id, correlationid: id }),
    });
    const entry = recorded(index + 1, vmEventSubject(TENANT, VM, writer, fact.name), encodeEvent(event));
    vm = evolve(vm, { sequence: entry.sequence, hash: entry.hash, writer, event }).vm;
    return entry;
  });
};

const directoryOf = (id: string): string => join(host, TENANT, id);

/** A process that looks like the hypervisor of that VM and epoch: its arguments name the VM's socket. */
const runHypervisor = async (id: string, epoch: number): Promise<void> => {
  const socket = join(directoryOf(id), `e${epoch}.sock`);
  processes.push(
    spawn('/bin/sh', ['-c', 'read line', 'sh', '--api-socket', socket], { stdio: ['pipe', 'ignore', 'ignore'] }),
  );
  await until(`the process for ${socket}`, async () =>
    (await findUnder(host)).find(({ socketPath }) => socketPath === socket),
  );
};

const problemsOf = async (entries: readonly Recorded[], accepted: readonly CommandId[] = []): Promise<string[]> => [
  ...(await check({ entries, accepted, hostDirectories: [host] })).problems,
];

describe('finds no problem in', () => {
  it('a whole life', async () => {
    const accepted = ['cmd-create', 'cmd-boot', 'cmd-delete'].map(commandId);
    expect(await problemsOf(logOf(LIFE), accepted)).toEqual([]);
  });
  it('a create that no host had claimed, and the delete that cancelled it', async () => {
    const accepted = ['cmd-create', 'cmd-delete'].map(commandId);
    expect(await problemsOf(logOf([CANCELLED]), accepted)).toEqual([]);
  });
  it('a running VM with its process', async () => {
    mkdirSync(directoryOf(VM), { recursive: true });
    await runHypervisor(VM, 1);
    expect(await problemsOf(logOf(RUNNING))).toEqual([]);
  });
});

describe('finds in the log', () => {
  it('a command that was accepted and has no outcome (I1)', async () => {
    expect(await problemsOf(logOf(LIFE), [commandId('cmd-forgotten')])).toEqual([
      'I1: command cmd-forgotten was accepted and has no outcome',
    ]);
  });
  it('a create that a cancelling delete does not name (I1)', async () => {
    const [{ data }, cause, writer] = CANCELLED;
    const { cancels: _, ...nameless } = data;
    expect(
      await problemsOf(logOf([[{ name: 'cancelled', data: nameless }, cause, writer]]), [commandId('cmd-create')]),
    ).toEqual(['I1: command cmd-create was accepted and has no outcome']);
  });
  it('a create that was cancelled and is decided once more (I2)', async () => {
    const expired: Entry = [
      { name: 'command-expired', data: { request: request('create'), reason: 'late', state: 'deleted' } },
      'cmd-create',
      'recovery',
    ];
    expect(await problemsOf(logOf([CANCELLED, expired]))).toEqual(['I2: command cmd-create was decided 2 times']);
  });
  it('a task that is never ended, and its command that is open (I1, P2)', async () => {
    expect(await problemsOf(logOf(LIFE.slice(0, -1)))).toEqual([
      'I1: command cmd-delete is still open',
      'I5: acme/vm-1 is running without a process',
      'P2: acme/vm-1 has delete in flight after quiescence',
    ]);
  });
  it('a command that is decided twice (I2)', async () => {
    const twice: Entry = [{ name: 'pause-started', data: begin('pause') }, 'cmd-boot'];
    const story = [...RUNNING, twice, [{ name: 'paused', data: { epoch: 1 } }, 'cmd-boot'] as Entry, DELETING, DELETED];
    expect(await problemsOf(logOf(story))).toEqual(['I2: command cmd-boot was decided 2 times']);
  });
  it('an event by a host that does not own the VM (I3)', async () => {
    const crashed: VmFact = { name: 'crashed', data: { epoch: 1, reason: 'x', detectedBy: 'health', residue: [] } };
    const problems = await problemsOf(logOf([...RUNNING, [crashed, undefined, FOREIGN_HOST], DELETING, DELETED]));
    expect(problems).toEqual([
      expect.stringMatching(/^I3: entry 5 \(crashed of acme\/vm-1\) is not legal: writer host-2/),
    ]);
  });
  it('an outcome without an intent (I3)', async () => {
    const paused: Entry = [{ name: 'paused', data: { epoch: 1 } }];
    expect(await problemsOf(logOf([...RUNNING, paused, DELETING, DELETED]))).toEqual([
      expect.stringMatching(/^I3: entry 5 \(paused of acme\/vm-1\)/),
    ]);
  });
  it('an entry that is dropped from the chain (I3)', async () => {
    const entries = logOf(LIFE);
    expect(await problemsOf(entries.toSpliced(3, 1))).toContainEqual(expect.stringMatching(/^I3: entry 5/));
  });
  it('an entry that is no event (I11)', async () => {
    const garbage = recorded(7, vmEventSubject(TENANT, VM, HOST, 'booted'), new TextEncoder().encode('{'));
    expect(await problemsOf([...logOf(LIFE), garbage])).toEqual([
      expect.stringMatching(/^I11: entry 7 is no event: body is not JSON/),
    ]);
  });
});

describe('finds on the machine', () => {
  it('a running VM without a process (I5)', async () => {
    expect(await problemsOf(logOf(RUNNING))).toEqual(['I5: acme/vm-1 is running without a process']);
  });
  it('a deleted VM whose process and directory are left (I5)', async () => {
    mkdirSync(directoryOf(VM), { recursive: true });
    await runHypervisor(VM, 1);
    expect(await problemsOf(logOf(LIFE))).toEqual([
      'I5: acme/vm-1 is deleted and has a process',
      `I5: acme/vm-1 is deleted and ${directoryOf(VM)} is there`,
    ]);
  });
  it('a process that no VM has (I5)', async () => {
    await runHypervisor('vm-9', 1);
    expect(await problemsOf(logOf(LIFE))).toEqual([`I5: a process for ${directoryOf('vm-9')} without a VM`]);
  });
  it('two processes of one VM (I4)', async () => {
    await runHypervisor(VM, 1);
    await runHypervisor(VM, 2);
    expect(processProblems(await findUnder(host))).toEqual([`I4: 2 processes for ${directoryOf(VM)}`]);
  });
});
