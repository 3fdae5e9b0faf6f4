import {
  commandId,
  readStoredEvent,
  type StoredEvent,
  tenantId,
  type VmEventName,
  vmId,
  vmSpecSchema,
} from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { CANCELLED_WITHOUT_CREATE } from '../vm/stored-events.fixture.ts';
import {
  apply,
  at,
  blank,
  CREATED,
  type EventOptions,
  event,
  HOST,
  NOW,
  RUNNING,
  request,
} from '../vm/story.fixture.ts';
import { commandRejected } from './command-rejected.ts';
import { foldOperation, type OperationState, operationsOf } from './operation.ts';

/** Folds one command's operation over a sequence of events, as a projection does. */
const follow = (id: string, ...story: (VmEventName | [VmEventName, EventOptions])[]): OperationState | undefined => {
  let vm = blank();
  let operation: OperationState | undefined;
  for (const entry of story) {
    const [name, options] = typeof entry === 'string' ? [entry, {}] : entry;
    const next = event(vm, name, options);
    vm = apply(vm, next).vm;
    const stored: StoredEvent = { kind: 'vm', writer: HOST, event: next };
    if (operationsOf(stored).includes(commandId(id)))
      operation = foldOperation(commandId(id), operation, stored, vm.sequence);
  }
  return operation;
};

const rejected = (code: 'illegal-state' | 'expired'): StoredEvent => ({
  kind: 'rejection',
  writer: HOST,
  event: commandRejected(
    {
      tenant: tenantId('acme'),
      subject: vmId('vm-1'),
      id: commandId('cmd-boot'),
      actor: 'nats',
      data: { request: request('boot') },
    },
    { code, reason: 'because' },
    { writer: HOST, time: NOW },
  ),
});

describe('an operation until ready', () => {
  const spec = vmSpecSchema.parse({ ready: { console: 'up' } });
  const booting: [VmEventName, EventOptions][] = [
    ['claimed', { data: { spec } }],
    ['created', {}],
    ['boot-started', { data: { until: 'ready' } }],
    ['booted', {}],
  ];
  it('runs on when the VM does, and ends with its guest', () => {
    expect(follow('cmd-boot', ...booting)).toMatchObject({ status: 'running', until: 'ready', finishedAt: null });
    expect(follow('cmd-boot', ...booting, 'ready')).toMatchObject({ status: 'succeeded', sequence: 5 });
    expect(follow('cmd-boot', ...booting, 'not-ready', 'ready')).toMatchObject({
      status: 'failed',
      error: { code: 'not-ready', reason: expect.stringContaining('60 s') },
    });
  });
  it('of a create ends with the guest too', () => {
    const creating: [VmEventName, EventOptions][] = [
      ['claimed', { data: { spec, start: true, until: 'ready' } }],
      ['created', {}],
      ['boot-started', { data: { until: 'ready', request: request('create') }, causationid: 'cmd-create' }],
      ['booted', {}],
    ];
    expect(follow('cmd-create', ...creating)?.status).toBe('running');
    expect(follow('cmd-create', ...creating, 'ready')?.status).toBe('succeeded');
  });
  it.each([
    ['crashed', 'crashed'],
    ['stopped', 'stopped'],
    ['lost', 'lost'],
  ] as const)('fails when the VM is %s', (name, code) => {
    expect(follow('cmd-boot', ...booting, name)).toMatchObject({ status: 'failed', error: { code } });
  });
  it.each(['delete', 'shutdown', 'reboot'] as const)('fails when a %s pre-empts it', (verb) => {
    const preempts: [VmEventName, EventOptions] = [`${verb}-started`, { data: { preempts: 'cmd-boot' } }];
    expect(follow('cmd-boot', ...booting, preempts)).toMatchObject({
      status: 'failed',
      error: { code: 'preempted', reason: `pre-empted by ${verb} cmd-${verb}` },
    });
  });
});

describe('an operation', () => {
  it('runs from its intent until its outcome', () => {
    expect(follow('cmd-boot', ...CREATED, 'boot-started')).toMatchObject({
      status: 'running',
      finishedAt: null,
      sequence: 3,
    });
    expect(follow('cmd-boot', ...RUNNING)).toMatchObject({ status: 'succeeded', verb: 'boot', sequence: 4 });
    expect(follow('cmd-boot', ...CREATED, 'boot-started', 'boot-failed')).toMatchObject({
      status: 'failed',
      error: { code: 'spawn-failed', retryable: true },
    });
  });
  it('a create with start ends only when the VM runs', () => {
    const start: [VmEventName, EventOptions] = ['claimed', { data: { start: true } }];
    const boot: [VmEventName, EventOptions] = ['boot-started', { causationid: 'cmd-create' }];
    expect(follow('cmd-create', start, 'created')?.status).toBe('running');
    expect(follow('cmd-create', start, 'created', boot, 'booted')).toMatchObject({
      status: 'succeeded',
      verb: 'create',
    });
    expect(follow('cmd-create', start, 'created', boot, 'boot-failed')).toMatchObject({
      status: 'failed',
      verb: 'create',
    });
    expect(follow('cmd-create', 'claimed', 'created')?.status).toBe('succeeded');
  });
  it('fails when its VM crashes, stops or is lost before the outcome, or a delete pre-empts it', () => {
    expect(follow('cmd-pause', ...RUNNING, 'pause-started', 'crashed')).toMatchObject({
      status: 'failed',
      error: { code: 'crashed' },
    });
    expect(follow('cmd-pause', ...RUNNING, 'pause-started', 'stopped')).toMatchObject({
      status: 'failed',
      error: { code: 'stopped' },
    });
    expect(follow('cmd-boot', ...CREATED, 'boot-started', 'lost')).toMatchObject({
      status: 'failed',
      error: { code: 'lost' },
    });
    const preempting: [VmEventName, EventOptions] = ['delete-started', { data: { force: true, preempts: 'cmd-boot' } }];
    expect(follow('cmd-boot', ...CREATED, 'boot-started', preempting, 'deleted')).toMatchObject({
      status: 'failed',
      error: { code: 'preempted' },
    });
    expect(follow('cmd-delete', ...CREATED, 'boot-started', preempting, 'deleted')).toMatchObject({
      status: 'succeeded',
    });
  });
  it("succeeds when a shutdown's process dies first", () => {
    expect(follow('cmd-shutdown', ...RUNNING, 'shutdown-started', 'crashed', 'stopped')).toMatchObject({
      status: 'succeeded',
    });
  });
  it('is rejected or expired, with the reason', () => {
    const id = commandId('cmd-boot');
    expect(foldOperation(id, undefined, rejected('illegal-state'), 9)).toMatchObject({
      status: 'rejected',
      sequence: 9,
      error: { code: 'illegal-state' },
    });
    expect(foldOperation(id, undefined, rejected('expired'), 9)?.status).toBe('expired');
    expect(follow('cmd-late', ...CREATED, 'command-expired')).toMatchObject({ status: 'expired' });
  });
  it("of a cancelled create fails with the create's own actor and times, though EVENTS holds no earlier event of it", () => {
    const asked = { request: request('create', { requestedAt: at(-60) }), actor: 'token-9' };
    const cancelled: [VmEventName, EventOptions] = [
      'cancelled',
      { causationid: 'cmd-delete', data: { cancels: 'cmd-create', create: asked } },
    ];
    expect(follow('cmd-create', cancelled)).toMatchObject({
      verb: 'create',
      actor: 'token-9',
      status: 'failed',
      request: { requestedAt: at(-60) },
      finishedAt: at(0),
      sequence: 1,
      error: { code: 'cancelled', retryable: false },
    });
    expect(follow('cmd-delete', cancelled)).toMatchObject({ verb: 'delete', actor: 'token-1', status: 'succeeded' });
  });
  it('of a create cancelled by an event without `create` data also fails, with the data that the event has', () => {
    const { subject, bytes } = CANCELLED_WITHOUT_CREATE;
    const read = readStoredEvent(subject, bytes);
    if (!read.ok || read.stored.kind !== 'vm') throw new Error(`not read: ${JSON.stringify(read)}`);
    expect(apply(blank(), read.stored.event, read.stored.writer)).toMatchObject({
      kind: 'folded',
      vm: { state: 'deleted', commands: [{ id: 'cmd-create', outcome: 'cancelled' }, { id: 'cmd-delete' }] },
    });
    const create = foldOperation(commandId('cmd-create'), undefined, read.stored, 7);
    expect(create).toMatchObject({ verb: 'create', status: 'failed', error: { code: 'cancelled' }, sequence: 7 });
    // The hash belongs to the delete's body: a repeated create must not be compared with it.
    expect(create?.request.bodyHash).toBeUndefined();
    expect(foldOperation(commandId('cmd-delete'), undefined, read.stored, 7)?.status).toBe('succeeded');
  });
  it('keeps its first outcome', () => {
    const done = follow('cmd-boot', ...RUNNING);
    expect(foldOperation(commandId('cmd-boot'), done, rejected('illegal-state'), 99)).toBe(done);
  });
});
