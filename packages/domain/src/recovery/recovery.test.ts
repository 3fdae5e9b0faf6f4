import type { VmEventName } from '@ironlog/schemas';
import { eventId, vmSpecSchema } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { whyNot } from '../vm/allowed.ts';
import { at, CREATED, type EventOptions, given, IN_FLIGHT, request } from '../vm/story.fixture.ts';
import type { Vm } from '../vm/vm.ts';
import { MAX_CLEANUP_ATTEMPTS, recoveryAction, stopAction } from './recovery.ts';
import { stopDueAt } from './restart-policy.ts';

type Story = (VmEventName | [VmEventName, EventOptions])[];
const spec = (restart: object) => vmSpecSchema.parse({ restart });
const claimed = (restart: object): [VmEventName, EventOptions] => ['claimed', { data: { spec: spec(restart) } }];
const running = (restart: object): Story => [claimed(restart), 'created', 'boot-started', 'booted'];
const act = (vm: Vm, seconds: number) =>
  recoveryAction(vm, vm.failure?.eventId ?? eventId(`evt-${'9'.repeat(26)}`), at(seconds));

const bootFailed: Story = [...CREATED, 'boot-started', ['boot-failed', { data: { residue: ['process', 'socket'] } }]];
const attempts = (vm: Vm, count: number): Story =>
  Array.from(
    { length: count },
    (_, index): Story => [
      [
        'cleanup-started',
        { causationid: `cmd-c${index}`, data: { request: request('cleanup', { ifFailure: vm.failure?.eventId }) } },
      ],
      ['cleanup-failed', { data: { residue: ['process'] } }],
    ],
  ).flat();

describe('recovery', () => {
  it('cleans up after a failed boot at once, backs off between attempts, then abandons it to an operator', () => {
    const vm = given(...bootFailed);
    expect(act(vm, 3)).toEqual({ kind: 'command', action: { verb: 'cleanup', params: {} }, attempt: 1 });
    const once = given(...bootFailed, ...attempts(vm, 1));
    expect(act(once, 5)).toEqual({ kind: 'wait', ms: 500 });
    expect(act(once, 9)).toMatchObject({ kind: 'command', attempt: 2 });
    const often = given(...bootFailed, ...attempts(vm, MAX_CLEANUP_ATTEMPTS));
    expect(act(often, 999)).toMatchObject({
      kind: 'abandon',
      attempts: MAX_CLEANUP_ATTEMPTS,
      actionRequired: expect.stringContaining('host-1'),
    });
    expect(act(given(...bootFailed, ...attempts(vm, MAX_CLEANUP_ATTEMPTS), 'cleanup-abandoned'), 999).kind).toBe(
      'resolved',
    );
  });
  it('restarts a guest that was not ready in time where its policy says so, by a reboot that does not ask it', () => {
    const ready = { console: 'up', timeoutSeconds: 30 };
    const late = (policy: string): Story => [
      ['claimed', { data: { spec: vmSpecSchema.parse({ ready, restart: { policy, maxAttempts: 1, backoffMs: 0 } }) } }],
      ...(['created', 'boot-started', 'booted', 'not-ready'] as const),
    ];
    const reboot = { verb: 'reboot', params: { force: true, timeoutSeconds: 1 } };
    for (const policy of ['on-failure', 'always'])
      expect(act(given(...late(policy)), 9)).toEqual({ kind: 'command', action: reboot, attempt: 1 });
    expect(act(given(...late('never')), 9).kind).toBe('resolved');
    expect(act(given(...late('always'), 'pause-started', 'paused'), 9).kind).toBe('resolved');
    expect(recoveryAction(given(...late('always'), 'ready'), eventId(`evt-${'0'.repeat(25)}5`), at(9)).kind).toBe(
      'resolved',
    );
    const again: Story = [
      ['reboot-started', { data: { request: request('reboot', { door: 'recovery' }) } }],
      'rebooted',
      'not-ready',
    ];
    const exhausted = given(...late('always'), ...again);
    expect(act(exhausted, 9)).toMatchObject({ kind: 'abandon', attempts: 1 });
    expect(given(...late('always'), ...again, 'cleanup-abandoned').attention?.kind).toBe('cleanup-abandoned');
    expect(given(...late('always'), ...again, 'cleanup-abandoned', 'ready').attention).toBeNull();
  });
  it('is done when the VM is clean, or has moved on', () => {
    expect(act(given(...bootFailed, 'cleanup-started', 'cleaned'), 9).kind).toBe('resolved');
    const vm = given(...bootFailed);
    expect(recoveryAction(vm, eventId(`evt-${'8'.repeat(26)}`), at(9)).kind).toBe('resolved');
  });
  it('waits while a task is in flight', () => {
    const vm = given(...IN_FLIGHT.cleanup);
    expect(act(vm, 9).kind).toBe('wait');
  });
  it('restarts a crashed VM under its policy with backoff, up to the maximum of attempts', () => {
    expect(act(given(...running({ policy: 'never' }), 'crashed'), 9).kind).toBe('resolved');
    const policy = { policy: 'on-failure', maxAttempts: 2, backoffMs: 1000, windowSeconds: 60 };
    const crashed = given(...running(policy), 'crashed');
    expect(act(crashed, 4)).toEqual({ kind: 'wait', ms: 1000 });
    expect(act(crashed, 5)).toEqual({ kind: 'command', action: { verb: 'boot', params: {} }, attempt: 1 });
    const again = (n: number): Story => [
      ['boot-started', { causationid: `cmd-r${n}`, data: { request: request('boot', { door: 'recovery' }) } }],
      'booted',
      'crashed',
    ];
    expect(act(given(...running(policy), 'crashed', ...again(1)), 8)).toMatchObject({
      kind: 'wait',
      ms: expect.any(Number),
    });
    expect(act(given(...running(policy), 'crashed', ...again(1)), 10)).toMatchObject({ kind: 'command', attempt: 2 });
    expect(act(given(...running(policy), 'crashed', ...again(1), ...again(2)), 12)).toMatchObject({
      kind: 'abandon',
      attempts: 2,
    });
  });
  it('never restarts a VM that was never booted: it stays failed, and its first boot is still allowed', () => {
    for (const policy of ['on-failure', 'always']) {
      const vm = given(claimed({ policy, backoffMs: 0 }), 'created', 'crashed');
      expect(act(vm, 99)).toEqual({ kind: 'resolved', reason: 'it was never booted' });
      expect(vm).toMatchObject({ state: 'failed', epoch: 0, lastStop: { cause: 'crash' }, attention: null });
      expect(whyNot(vm, 'boot')).toBeUndefined();
      const lost = given(claimed({ policy, backoffMs: 0 }), 'created', 'lost', 'crashed');
      expect(act(lost, 99).kind).toBe('resolved');
    }
  });
  it('does not restart a VM that was paused when it crashed, and asks an operator', () => {
    const policy = { policy: 'always', backoffMs: 0 };
    const paused: Story = [...running(policy), 'pause-started', 'paused'];
    for (const story of [
      [...paused, 'crashed'],
      [...paused, 'lost', 'crashed'],
      [...paused, 'lost', 'lost', 'crashed'],
      [...paused, 'resume-started', 'resume-failed', 'crashed'],
    ] as Story[]) {
      const vm = given(...story);
      expect(act(vm, 99)).toMatchObject({ kind: 'abandon', attempts: 0 });
      const recorded = given(...story, ['cleanup-abandoned', { data: { attempts: 0, residue: [] } }]);
      expect(recorded.attention?.reason).toBe('not restarted by policy; left: nothing');
      expect(act(recorded, 99).kind).toBe('resolved');
    }
    expect(act(given(...running({ policy: 'never' }), 'pause-started', 'paused', 'crashed'), 99).kind).toBe('resolved');
  });
  it('restarts a VM that was paused once and was resumed before the crash', () => {
    const ran: Story = [...running({ policy: 'always', backoffMs: 0 }), 'pause-started', 'paused'];
    expect(act(given(...ran, 'resume-started', 'resumed', 'crashed'), 99).kind).toBe('command');
    expect(act(given(...ran, 'lost', 'found', 'lost', 'crashed'), 99).kind).toBe('command');
    expect(act(given(...ran, 'crashed', 'boot-started', 'booted', 'crashed'), 99).kind).toBe('command');
  });
  it('retries its own failed boot, and no boot that a client requested', () => {
    const policy = { policy: 'on-failure', backoffMs: 0 };
    const crashed: Story = [...running(policy), 'crashed'];
    const restarted: Story = [
      ['boot-started', { causationid: 'cmd-r1', data: { request: request('boot', { door: 'recovery' }) } }],
    ];
    expect(act(given(...crashed, ...restarted, 'boot-failed'), 99)).toMatchObject({ kind: 'command', attempt: 2 });
    const byHand: Story = [...crashed, ...restarted, 'booted', 'shutdown-started', 'stopped', 'boot-started'];
    expect(given(...byHand).restarts).toHaveLength(1);
    expect(act(given(...byHand, 'boot-failed'), 99)).toEqual({
      kind: 'resolved',
      reason: 'clean, and nothing to restart',
    });
  });
  it('abandons a delete that keeps failing to an operator, after as many attempts as a cleanup', () => {
    const doomed: Story = [...CREATED, 'delete-started', ['delete-failed', { data: { residue: ['directory'] } }]];
    const ifFailure = given(...doomed).failure?.eventId;
    const again = (index: number): Story => [
      ['delete-started', { causationid: `cmd-d${index}`, data: { request: request('delete', { ifFailure }) } }],
      ['delete-failed', { data: { reason: `attempt ${index}`, residue: ['directory'] } }],
    ];
    const once = given(...doomed, ...again(1));
    expect(once.failure).toMatchObject({ eventId: ifFailure, attempts: 1, reason: 'attempt 1' });
    expect(act(once, 5)).toEqual({ kind: 'wait', ms: 500 });
    expect(act(once, 9)).toMatchObject({ kind: 'command', action: { verb: 'delete' }, attempt: 2 });
    const often = given(...doomed, ...Array.from({ length: MAX_CLEANUP_ATTEMPTS }, (_, index) => again(index)).flat());
    expect(act(often, 999)).toMatchObject({ kind: 'abandon', attempts: MAX_CLEANUP_ATTEMPTS });
  });
  it('keeps deleting a VM whose delete was requested, and never restarts it', () => {
    const doomed = given(
      ...running({ policy: 'always' }),
      ['delete-started', { data: { force: true } }],
      ['delete-failed', { data: { residue: ['directory'] } }],
    );
    expect(act(doomed, 9)).toMatchObject({ kind: 'command', action: { verb: 'delete', params: { force: true } } });
    expect(act(given(...running({ policy: 'always' }), 'crashed', 'delete-started', 'deleted'), 9).kind).toBe(
      'resolved',
    );
  });
});

describe('a guest that stopped by itself', () => {
  const policy = { policy: 'always', maxAttempts: 2, backoffMs: 1000, windowSeconds: 60 };
  const off: [VmEventName, EventOptions] = ['stopped', { data: { cause: 'guest' } }];
  const BOOT = { verb: 'boot', params: {} };
  const again = (n: number, seconds?: number): Story => [
    [
      'boot-started',
      {
        causationid: `cmd-r${n}`,
        data: { request: request('boot', { door: 'recovery' }) },
        ...(seconds === undefined ? {} : { seconds }),
      },
    ],
    'booted',
    off,
  ];
  const answer = (vm: Vm, seconds: number) => stopAction(vm, vm.lastStop?.eventId ?? eventId('none'), at(seconds));

  it('is restarted under `always` with backoff, up to the maximum of attempts', () => {
    const stopped = given(...running(policy), off);
    expect(stopDueAt(stopped)).toBe(at(5));
    expect(answer(stopped, 4)).toEqual({ kind: 'wait', ms: 1000 });
    expect(answer(stopped, 5)).toEqual({ kind: 'command', action: BOOT, attempt: 1 });
    const once = given(...running(policy), off, ...again(1));
    expect([once.lastStop?.at, stopDueAt(once)]).toEqual([at(7), at(9)]);
    expect(answer(once, 9)).toEqual({ kind: 'command', action: BOOT, attempt: 2 });
    const twice = given(...running(policy), off, ...again(1), ...again(2));
    expect(stopDueAt(twice)).toBe(twice.lastStop?.at);
    expect(answer(twice, 10)).toMatchObject({
      kind: 'abandon',
      attempts: 2,
      actionRequired: expect.stringContaining('boot it by hand'),
    });
  });
  it('regains its attempts after the window', () => {
    const longAgo = given(...running(policy), off, ...again(1, 5), ...again(2, 6), ['boot-started', { seconds: 500 }]);
    const vm = given(
      ...running(policy),
      off,
      ...again(1, 5),
      ...again(2, 6),
      ['boot-started', { seconds: 500 }],
      ['booted', { seconds: 501 }],
      ['stopped', { data: { cause: 'guest' }, seconds: 502 }],
    );
    expect(stopDueAt(longAgo)).toBeUndefined();
    expect(answer(vm, 503)).toEqual({ kind: 'command', action: BOOT, attempt: 3 });
  });
  it('shares its budget of attempts with crashes', () => {
    const mixed = given(...running(policy), 'crashed', ...again(1), ...again(2));
    expect(answer(mixed, 20).kind).toBe('abandon');
  });
  it('stays stopped under every other policy', () => {
    for (const name of ['never', 'on-failure']) {
      const vm = given(...running({ ...policy, policy: name }), off);
      expect([answer(vm, 99).kind, stopDueAt(vm)]).toEqual(['resolved', undefined]);
    }
  });
  it('is not restarted after a requested stop, nor when a delete was requested', () => {
    for (const recorded of [
      given(...running(policy), 'shutdown-started', 'stopped'),
      given(...running(policy), 'shutdown-started', 'crashed', 'stopped'),
      given(...running(policy), off, 'delete-started', 'deleted'),
      given(...running(policy), off, ['delete-started', {}], 'delete-failed'),
    ])
      expect([recorded.state, answer(recorded, 99).kind, stopDueAt(recorded)]).toEqual([
        recorded.state,
        'resolved',
        undefined,
      ]);
  });
  it('waits for a task in flight, and is left alone while the VM needs an operator', () => {
    const booting = given(...running(policy), off, 'boot-started');
    expect([answer(booting, 99).kind, stopDueAt(booting)]).toEqual(['wait', undefined]);
    const handedOver = given(...running(policy), off, 'cleanup-abandoned');
    expect([answer(handedOver, 99).kind, stopDueAt(handedOver)]).toEqual(['resolved', undefined]);
    const byHand = given(...running(policy), off, 'cleanup-abandoned', 'boot-started', 'booted');
    expect(byHand.attention).toBeNull();
  });
  it('is a different stop once the VM has run again', () => {
    const first = given(...running(policy), off);
    const later = given(...running(policy), off, ...again(1));
    expect(stopAction(later, first.lastStop?.eventId ?? eventId('none'), at(99)).kind).toBe('resolved');
  });
  it('includes a lost VM that its returning host finds stopped', () => {
    const vm = given(...running(policy), 'lost', off);
    expect([vm.state, vm.attention, answer(vm, 99).kind]).toEqual(['stopped', null, 'command']);
  });
});
