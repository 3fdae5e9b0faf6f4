import { hostId, VM_EVENT_NAMES, VM_STATES, type VmEventName } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import {
  apply,
  at,
  blank,
  CRASHED,
  CREATED,
  event,
  given,
  IN_FLIGHT,
  PAUSED,
  RUNNING,
  STOPPED,
} from './story.fixture.ts';
import { TRANSITIONS } from './transitions.ts';

describe('the transition table', () => {
  it('has a row for every state and a cell for every event', () => {
    for (const state of ['absent', ...VM_STATES] as const)
      expect(Object.keys(TRANSITIONS[state]).toSorted()).toEqual(VM_EVENT_NAMES.toSorted());
  });
  it('never leaves deleted', () => {
    for (const target of Object.values(TRANSITIONS.deleted)) expect(['same', 'never']).toContain(target);
  });
});

describe('evolve', () => {
  it.each<[string, readonly VmEventName[], string]>([
    ['created', CREATED, 'created'],
    ['booted', RUNNING, 'running'],
    ['paused', PAUSED, 'paused'],
    ['resumed', [...PAUSED, 'resume-started', 'resumed'], 'running'],
    ['stopped', STOPPED, 'stopped'],
    ['shutdown-failed', [...RUNNING, 'shutdown-started', 'shutdown-failed'], 'running'],
    ['shutdown-failed when paused', [...PAUSED, 'shutdown-started', 'shutdown-failed'], 'paused'],
    ['pause-failed', [...RUNNING, 'pause-started', 'pause-failed'], 'running'],
    ['resume-failed', [...PAUSED, 'resume-started', 'resume-failed'], 'paused'],
    ['rebooted', [...RUNNING, 'reboot-started', 'rebooted'], 'running'],
    ['reboot-failed', [...RUNNING, 'reboot-started', 'reboot-failed'], 'failed'],
    ['create-failed', ['claimed', 'create-failed'], 'failed'],
    ['boot-failed', [...CREATED, 'boot-started', 'boot-failed'], 'failed'],
    ['crashed', CRASHED, 'failed'],
    ['crashed when paused', [...PAUSED, 'crashed'], 'failed'],
    ['deleted', [...CREATED, 'delete-started', 'deleted'], 'deleted'],
    ['delete-failed', [...CREATED, 'delete-started', 'delete-failed'], 'failed'],
    ['cleaned', [...CRASHED, 'cleanup-started', 'cleaned'], 'failed'],
    ['lost', [...RUNNING, 'lost'], 'lost'],
    ['found', [...RUNNING, 'lost', 'found'], 'running'],
    ['snapshotted', [...PAUSED, 'snapshot-started', 'snapshotted'], 'paused'],
    ['restored', [...STOPPED, 'restore-started', 'restored'], 'paused'],
    ['cancelled', ['cancelled'], 'deleted'],
    ['guest stop', [...RUNNING, 'stopped'], 'stopped'],
    ['guest reboot', [...RUNNING, 'rebooted'], 'running'],
  ])('%s', (_, story, state) => {
    const vm = given(...story);
    expect(vm.state).toBe(state);
    expect(vm.task).toBeNull();
    expect(vm.revision).toBe(story.length);
  });

  it.each(Object.entries(IN_FLIGHT))('a crash during %s fails the task, or is its expected result', (verb, story) => {
    const vm = given(...story, 'crashed');
    const wanted = ['shutdown', 'delete', 'cleanup'].includes(verb);
    expect(vm.task?.verb ?? null).toBe(wanted ? verb : null);
    const before = given(...story).state;
    expect(vm.state).toBe(wanted ? before : 'failed');
    if (!wanted) expect(vm.commands.at(-1)).toMatchObject({ outcome: 'failed' });
  });

  it('a claimed VM is pending until its create ends', () => {
    expect(given('claimed')).toMatchObject({ state: 'pending', owner: 'host-1', task: { verb: 'create' } });
  });

  it('ignores an event whose writer is not the owner, but moves the expectation past it', () => {
    const vm = given(...RUNNING);
    const evolved = apply(vm, event(vm, 'crashed', { writer: hostId('host-2') }), hostId('host-2'));
    expect(evolved).toMatchObject({
      kind: 'ignored',
      vm: { state: 'running', revision: 4, sequence: vm.sequence + 1 },
    });
  });
  it('lets recovery and the gateway append only their own event types', () => {
    const vm = given(...RUNNING);
    expect(apply(vm, event(vm, 'crashed'), 'recovery').kind).toBe('ignored');
    expect(apply(vm, event(vm, 'stuck'), 'gateway').kind).toBe('ignored');
    expect(apply(blank(), event(blank(), 'cancelled'), 'recovery').kind).toBe('ignored');
    expect(apply(vm, event(vm, 'stuck'), 'recovery').kind).toBe('folded');
  });
  it('ignores a gap, a repeat and a broken chain', () => {
    const vm = given(...CREATED);
    const next = event(vm, 'boot-started');
    expect(apply(vm, { ...next, revision: 4 }).kind).toBe('ignored');
    expect(apply(vm, { ...next, revision: 2 }).kind).toBe('ignored');
    expect(apply(vm, { ...next, prevhash: 'f'.repeat(64) })).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('prevhash'),
    });
  });
  it('ignores a VM found running that was never booted', () => {
    const lost = given(...CREATED, 'lost');
    expect(apply(lost, event(lost, 'found', { data: { observed: 'running', epoch: 0 } })).kind).toBe('ignored');
    expect(given(...CREATED, 'lost', ['found', { data: { observed: 'stopped' } }]).state).toBe('stopped');
  });
  it('ignores an outcome without its task, and a second intent', () => {
    const running = given(...RUNNING);
    expect(apply(running, event(running, 'paused')).kind).toBe('ignored');
    const pausing = given(...IN_FLIGHT.pause);
    expect(apply(pausing, event(pausing, 'reboot-started')).kind).toBe('ignored');
  });
  it('a delete that pre-empts a boot ends the boot as failed, and then nothing brings the VM back', () => {
    const vm = given(...IN_FLIGHT.boot, ['delete-started', { data: { force: true, preempts: 'cmd-boot' } }]);
    expect(vm).toMatchObject({ wantedGone: true, task: { verb: 'delete' } });
    expect(vm.commands.find((record) => record.id === 'cmd-boot')?.outcome).toBe('failed');
    expect(apply(vm, event(vm, 'booted')).kind).toBe('ignored');
    const gone = given(...IN_FLIGHT.boot, ['delete-started', { data: { force: true } }], 'deleted');
    for (const name of VM_EVENT_NAMES) expect(apply(gone, event(gone, name)).vm.state).toBe('deleted');
  });
  it('keeps the last stop cause and failure until the VM runs again', () => {
    expect(given(...CRASHED)).toMatchObject({
      lastStop: { cause: 'crash', signal: 'SIGKILL' },
      failure: { event: 'crashed', retryable: true },
    });
    expect(given(...CRASHED, 'boot-started', 'booted').failure).toBeNull();
  });
  it.each<[VmEventName, readonly VmEventName[]]>([
    ['pause-failed', IN_FLIGHT.pause],
    ['shutdown-failed', IN_FLIGHT.shutdown],
    ['cleanup-failed', IN_FLIGHT.cleanup],
    ['delete-failed', IN_FLIGHT.delete],
    ['crashed', IN_FLIGHT.resume],
    ['delete-started', IN_FLIGHT.boot],
  ])('stuck is cleared when the task ends: by %s', (end, story) => {
    const stuck = [...story, 'stuck'] as const;
    expect(given(...stuck).attention).toMatchObject({ kind: 'stuck' });
    expect(given(...stuck, end).attention).toBeNull();
  });
  it('other attention outlives a task', () => {
    const abandoned = given(...CRASHED, 'cleanup-abandoned', 'cleanup-started', 'cleanup-failed');
    expect(abandoned.attention).toMatchObject({ kind: 'cleanup-abandoned' });
    expect(given(...IN_FLIGHT.pause, 'stuck', 'lost').attention).toMatchObject({ kind: 'lost' });
  });
  it('remembers at least 64 commands, and drops older ones after their startBy', () => {
    const cycles = Array.from(
      { length: 50 },
      (_, i) =>
        [
          ['pause-started', { causationid: `cmd-p${i}`, seconds: 4000 + i }],
          ['paused', { seconds: 4000 + i }],
          ['resume-started', { causationid: `cmd-r${i}`, seconds: 4000 + i }],
          ['resumed', { seconds: 4000 + i }],
        ] as [VmEventName, object][],
    ).flat();
    const vm = given(...RUNNING, ...cycles);
    expect(vm.commands).toHaveLength(64);
    expect(vm.commands.at(-1)).toMatchObject({ id: 'cmd-r49', outcome: 'succeeded' });
    expect(vm.updatedAt).toBe(at(4049));
  });
  it('remembers at most 1000 commands, however late their startBy', () => {
    const cycles = Array.from(
      { length: 600 },
      (_, i) =>
        [
          ['pause-started', { causationid: `cmd-p${i}`, seconds: 9 }],
          ['paused', { seconds: 9 }],
          ['resume-started', { causationid: `cmd-r${i}`, seconds: 9 }],
          ['resumed', { seconds: 9 }],
        ] as [VmEventName, object][],
    ).flat();
    const vm = given(...RUNNING, ...cycles);
    expect(vm.commands).toHaveLength(1000);
    expect(vm.commands.at(-1)).toMatchObject({ id: 'cmd-r599', outcome: 'succeeded' });
  });
  it('takes createdAt from its claim, not from a command that expired before it', () => {
    const expired = given(['command-expired', { seconds: 0 }]);
    expect(expired.createdAt).toBeNull();
    expect(given(['command-expired', { seconds: 0 }], ['claimed', { seconds: 3600 }]).createdAt).toBe(at(3600));
  });
});
