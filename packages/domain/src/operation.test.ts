import {
  COMMAND_REJECTED_TYPE,
  commandId,
  eventId,
  type StoredEvent,
  sourceOf,
  tenantId,
  type VmEventName,
  vmId,
} from '@ironlog/schemas';
import { describe, expect, it } from 'vitest';
import { foldOperation, type OperationState, operationsOf } from './operation.ts';
import { apply, blank, CREATED, type EventOptions, event, HOST, NOW, RUNNING, request } from './story.fixture.ts';

/** Folds one command's operation over a story, as a projection would. */
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
  event: {
    specversion: '1.0',
    id: eventId(`evt-${'1'.repeat(26)}`),
    source: sourceOf(HOST),
    type: COMMAND_REJECTED_TYPE,
    subject: vmId('vm-1'),
    time: NOW,
    datacontenttype: 'application/json',
    actor: 'nats',
    tenant: tenantId('acme'),
    causationid: commandId('cmd-boot'),
    correlationid: commandId('cmd-boot'),
    data: { code, reason: 'because', request: request('boot') },
  },
});

describe('an operation', () => {
  it('runs from its intent and ends with its outcome', () => {
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
  it('fails when its VM crashes, stops or is lost under it, or a delete pre-empts it', () => {
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
  it('is rejected, or expired, with the reason', () => {
    const id = commandId('cmd-boot');
    expect(foldOperation(id, undefined, rejected('illegal-state'), 9)).toMatchObject({
      status: 'rejected',
      sequence: 9,
      error: { code: 'illegal-state' },
    });
    expect(foldOperation(id, undefined, rejected('expired'), 9)?.status).toBe('expired');
    expect(follow('cmd-late', ...CREATED, 'command-expired')).toMatchObject({ status: 'expired' });
  });
  it('keeps its first outcome', () => {
    const done = follow('cmd-boot', ...RUNNING);
    expect(foldOperation(commandId('cmd-boot'), done, rejected('illegal-state'), 99)).toBe(done);
  });
});
