import { hostId, imageManifestSchema, VERBS, type Verb, type VmEventName } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { continuation, type DecideContext, decide, decideCrash, refuse } from './decide.ts';
import {
  at,
  CRASHED,
  CREATED,
  command,
  given,
  HOST,
  IN_FLIGHT,
  NOW,
  PAUSED,
  RUNNING,
  STOPPED,
} from './story.fixture.ts';
import { TASKS } from './tasks.ts';

const context: DecideContext = {
  now: NOW,
  host: HOST,
  admission: { ok: true, hypervisor: 'simulator', capabilities: VERBS },
};
const FAILED_CREATE = ['claimed', 'create-failed'] as const;
const LOST = [...RUNNING, 'lost'] as const;
const DELETED = [...CREATED, 'delete-started', 'deleted'] as const;

const stories: Record<string, readonly VmEventName[]> = {
  absent: [],
  created: CREATED,
  running: RUNNING,
  paused: PAUSED,
  stopped: STOPPED,
  failed: CRASHED,
  'failed before it was created': FAILED_CREATE,
  lost: LOST,
  deleted: DELETED,
};
// Contract: the allowed verbs per state, written out again so that the table is not tested against itself.
const allowed: Record<string, Verb[]> = {
  absent: ['create'],
  created: ['boot', 'delete'],
  running: ['shutdown', 'pause', 'reboot'],
  paused: ['shutdown', 'resume', 'snapshot'],
  stopped: ['boot', 'delete', 'restore'],
  failed: ['boot', 'delete', 'cleanup'],
  'failed before it was created': ['delete', 'cleanup'],
  lost: ['delete'],
  deleted: [],
};

describe.each(Object.keys(stories))('given a VM that is %s', (name) => {
  const vm = given(...(stories[name] ?? []));
  it.each(VERBS)('when %s, then its intent, or a rejection with a reason', (verb) => {
    const decision = decide(vm, command(verb, { id: 'cmd-new' }), context);
    if (allowed[name]?.includes(verb)) {
      expect(decision).toMatchObject({ kind: 'intent', fact: { name: TASKS[verb].intent } });
    } else {
      expect(decision).toMatchObject({ kind: 'rejected', rejection: { currentState: vm.state } });
      expect(decision.kind === 'rejected' && decision.rejection.reason.length).toBeGreaterThan(0);
    }
  });
});

describe.each(VERBS)('given a %s in flight', (inFlight) => {
  const vm = given(...IN_FLIGHT[inFlight]);
  it.each(VERBS.filter((verb) => verb !== 'create'))('when %s, then it is rejected as busy', (verb) => {
    expect(decide(vm, command(verb, { id: 'cmd-new' }), context)).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'illegal-state' },
    });
  });
  it('when delete with force, then it pre-empts the task in flight, but never another delete', () => {
    const decision = decide(vm, command('delete', { id: 'cmd-new', params: { force: true } }), context);
    if (inFlight === 'delete') expect(decision.kind).toBe('rejected');
    else
      expect(decision).toMatchObject({
        kind: 'intent',
        fact: { name: 'delete-started', data: { preempts: `cmd-${inFlight}` } },
      });
  });
  it('when its process dies, then the task continues or has failed', () => {
    const wanted: Verb[] = ['shutdown', 'delete', 'cleanup'];
    expect(decideCrash(vm)).toBe(wanted.includes(inFlight) ? 'continue' : 'task-failed');
  });
});

describe('decide', () => {
  it('does not repeat a command that it has seen', () => {
    expect(decide(given(...RUNNING), command('boot'), context)).toEqual({ kind: 'duplicate', outcome: 'succeeded' });
    expect(decide(given(...IN_FLIGHT.boot), command('boot'), context)).toEqual({ kind: 'duplicate', outcome: 'open' });
  });
  it('expires a command that arrives after its startBy, whatever else is wrong with it', () => {
    const decision = decide(given(...RUNNING), command('boot', { id: 'cmd-late' }), { ...context, now: at(601) });
    expect(decision).toMatchObject({ kind: 'expired', fact: { name: 'command-expired', data: { state: 'running' } } });
  });
  it.each([...VERBS])(
    "rejects a %s in time on a host that is not the VM's owner, and leaves a late one to recovery",
    (verb) => {
      const elsewhere = { ...context, host: hostId('host-2') };
      const decision = decide(given(...RUNNING), command(verb, { id: 'cmd-new' }), elsewhere);
      expect(decision).toMatchObject({
        kind: 'rejected',
        rejection: { code: verb === 'create' ? 'vm-exists' : 'wrong-host', reason: expect.stringContaining('host-1') },
      });
      // P2: a rejection by one host and an expiry by recovery would be two outcomes; no expectation excludes that.
      const late = decide(given(...RUNNING), command(verb, { id: 'cmd-new' }), { ...elsewhere, now: at(601) });
      expect(late).toEqual({ kind: 'left-to-recovery' });
    },
  );
  it('on any host, answers a command that the VM has seen, and one for a VM without an owner', () => {
    const elsewhere = { ...context, host: hostId('host-2') };
    expect(decide(given(...RUNNING), command('boot'), elsewhere)).toEqual({ kind: 'duplicate', outcome: 'succeeded' });
    expect(decide(given(), command('create'), elsewhere).kind).toBe('intent');
    const cancelled = decide(given('cancelled'), command('boot'), elsewhere);
    expect(cancelled).toMatchObject({ rejection: { code: 'vm-deleted' } });
  });
  it('rejects a command for another revision', () => {
    const vm = given(...CREATED);
    expect(decide(vm, command('boot', { expectedRevision: 1 }), context)).toMatchObject({
      rejection: { code: 'revision-mismatch' },
    });
    expect(decide(vm, command('boot', { expectedRevision: 2 }), context).kind).toBe('intent');
  });
  it("rejects recovery's command for a failure that the VM no longer has", () => {
    const vm = given(...CRASHED);
    const other = `evt-${'9'.repeat(26)}`;
    expect(decide(vm, command('cleanup', { ifFailure: other }), context)).toMatchObject({
      rejection: { code: 'superseded' },
    });
    expect(decide(vm, command('cleanup', { ifFailure: vm.failure?.eventId ?? '' }), context).kind).toBe('intent');
  });
  it('rejects what the hypervisor does not support, and what the host does not admit', () => {
    const cannot = { ...context, admission: { ok: true, hypervisor: 'qemu', capabilities: ['pause'] } } as const;
    expect(decide(given(...PAUSED), command('snapshot'), cannot)).toMatchObject({ rejection: { code: 'unsupported' } });
    const full = { ...context, admission: { ok: false, code: 'over-capacity', reason: 'no memory left' } } as const;
    expect(decide(given(), command('create'), full)).toMatchObject({ rejection: { code: 'over-capacity' } });
    expect(decide(given(...RUNNING), command('shutdown', { id: 'cmd-new' }), full).kind).toBe('intent');
  });
  it.each(VERBS)('refuses %s for a deleted VM that no host ever claimed, without a host', (verb) => {
    const asked = command(verb);
    const refused = refuse(given('cancelled'), asked, { now: NOW });
    expect(refused).toMatchObject({
      kind: 'rejected',
      rejection: { code: verb === 'create' ? 'vm-exists' : 'vm-deleted', currentState: 'deleted', allowed: [] },
    });
    expect(refused).toEqual(decide(given('cancelled'), asked, context));
  });
  it('leaves a command that the VM accepts to the host', () => {
    expect(refuse(given(...CREATED), command('boot'), { now: NOW, host: HOST })).toBeUndefined();
  });
  it('does not boot over residue, nor a VM whose delete was requested', () => {
    const residue = given(...CREATED, 'boot-started', ['boot-failed', { data: { residue: ['process'] } }]);
    expect(decide(residue, command('boot', { id: 'cmd-new' }), context)).toMatchObject({
      rejection: { code: 'illegal-state' },
    });
    const doomed = given(...CREATED, 'delete-started', ['delete-failed', { data: { residue: ['directory'] } }]);
    expect(decide(doomed, command('boot', { id: 'cmd-new' }), context)).toMatchObject({
      rejection: { code: 'illegal-state' },
    });
    expect(decide(doomed, command('delete', { id: 'cmd-new' }), context).kind).toBe('intent');
  });
  it('puts the image of a create on record, and gives its fetch the time that its size needs', () => {
    const file = (digit: string, size: number) => ({ file: digit, digest: `sha256-${digit.repeat(64)}`, size });
    const image = imageManifestSchema.parse({
      id: 'alpine-1',
      architecture: 'x86_64',
      kernel: { ...file('a', 400 * 1024 * 1024), format: 'elf' },
      initrd: file('b', 1),
    });
    const asked = command('create');
    const deadlineOf = (of: typeof asked): number => {
      const decision = decide(given(), of, context);
      if (decision.kind !== 'intent' || decision.fact.name !== 'claimed') throw new Error('not claimed');
      expect(decision.fact.data.image).toEqual(of.data.image);
      return Date.parse(decision.fact.data.deadline);
    };
    const withImage = deadlineOf({ ...asked, data: { ...asked.data, image } });
    expect(withImage - deadlineOf(asked)).toBe(101_000);
  });
  it('gives each boot and reboot a new epoch', () => {
    expect(decide(given(...CREATED), command('boot'), context)).toMatchObject({ fact: { data: { epoch: 1 } } });
    expect(decide(given(...RUNNING), command('reboot'), context)).toMatchObject({ fact: { data: { epoch: 2 } } });
  });
  it('continues a create with start with one boot under the same command', () => {
    const claimed = [['claimed', { data: { start: true } }]] as const;
    expect(continuation(given(...claimed.map((c) => [c[0], c[1]] as [VmEventName, object])), NOW)).toBeUndefined();
    const created = given(['claimed', { data: { start: true } }], 'created');
    expect(created).toMatchObject({ state: 'created', task: { verb: 'create', commandId: 'cmd-create' } });
    expect(continuation(created, NOW)).toMatchObject({ name: 'boot-started', data: { epoch: 1 } });
    const booting = given(['claimed', { data: { start: true } }], 'created', [
      'boot-started',
      { causationid: 'cmd-create' },
    ]);
    expect(continuation(booting, NOW)).toBeUndefined();
    const running = given(
      ['claimed', { data: { start: true } }],
      'created',
      ['boot-started', { causationid: 'cmd-create' }],
      'booted',
    );
    expect(running.commands).toEqual([
      expect.objectContaining({ id: 'cmd-create', verb: 'create', outcome: 'succeeded' }),
    ]);
  });
});
