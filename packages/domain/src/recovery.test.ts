import type { VmEventName } from '@ironlog/schemas';
import { eventId, vmSpecSchema } from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { MAX_CLEANUP_ATTEMPTS, recoveryAction } from './recovery.ts';
import { at, CREATED, type EventOptions, given, IN_FLIGHT, request } from './story.fixture.ts';
import type { Vm } from './vm.ts';

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
  it('cleans up after a failed boot at once, then ever later, then asks a human', () => {
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
  it('is done when the VM is clean, or has moved on', () => {
    expect(act(given(...bootFailed, 'cleanup-started', 'cleaned'), 9).kind).toBe('resolved');
    const vm = given(...bootFailed);
    expect(recoveryAction(vm, eventId(`evt-${'8'.repeat(26)}`), at(9)).kind).toBe('resolved');
  });
  it('waits while something is in flight', () => {
    const vm = given(...IN_FLIGHT.cleanup);
    expect(act(vm, 9).kind).toBe('wait');
  });
  it('restarts a crashed VM where its policy says so, later each time, and not for ever', () => {
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
  it('hands a delete that fails each time to a human, after as many attempts as a cleanup has', () => {
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
  it('goes on deleting what was to be deleted, and never restarts it', () => {
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
