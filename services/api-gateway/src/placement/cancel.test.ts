import { expire, initialVm, nextEvent, type OperationState, pendingOperation, workCommand } from '@ironlog/domain';
import { createMemoryEventLog, type EventLog, type MemoryStream, memoryStream } from '@ironlog/event-log';
import {
  actionSchema,
  commandId,
  newEventId,
  type StoredEvent,
  tenantId,
  vmEventSubject,
  vmFilter,
  vmId,
  type WorkCommand,
} from '@ironlog/schemas';
import { createManualClock } from '@ironlog/service-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { cancelUnclaimed } from './cancel.ts';

const TENANT = tenantId('acme');
const VM = vmId('vm-1');
const NOW = '2026-01-01T00:00:00.000Z';
const clock = createManualClock(new Date(NOW));

const command = (verb: 'create' | 'delete', actor: string, expectedRevision?: number): WorkCommand =>
  workCommand({
    writer: 'gateway',
    id: commandId(`cmd-${verb}`),
    tenant: TENANT,
    vmId: VM,
    actor,
    action: actionSchema.parse({ verb, params: {} }),
    request: { door: 'http', requestedAt: NOW, startBy: '2026-01-01T00:10:00.000Z', bodyHash: 'a'.repeat(64) },
    expectedRevision,
  });

let stream: MemoryStream;
let log: EventLog;
beforeEach(() => {
  stream = memoryStream();
  log = createMemoryEventLog({ stream });
});
const stored = (): StoredEvent[] => stream.entries.flatMap(({ read }) => (read.ok ? [read.stored] : []));

const cancel = (remove: WorkCommand, create?: OperationState) =>
  cancelUnclaimed(
    { log, operations: { find: () => create }, clock },
    { command: remove, createId: commandId('cmd-create'), signal: new AbortController().signal },
  );

describe('a delete of what no host has claimed', () => {
  it('cancels the create, and records its actor and time', async () => {
    const create = command('create', 'token-9');
    const ended = await cancel(command('delete', 'token-1'), pendingOperation(create));
    expect(ended).toMatchObject({ kind: 'ended', operation: { id: 'cmd-delete', status: 'succeeded' } });
    expect(stored()).toMatchObject([
      { event: { name: 'cancelled', actor: 'token-1', data: { create: { actor: 'token-9' } } } },
    ]);
  });

  it('gets its own outcome when it is repeated', async () => {
    await cancel(command('delete', 'token-1'));
    expect(await cancel(command('delete', 'token-1'))).toMatchObject({
      kind: 'ended',
      operation: { status: 'succeeded', sequence: 1 },
      repeated: true,
    });
    expect(stored()).toHaveLength(1);
  });

  it('is refused for another If-Match revision, and cancels nothing', async () => {
    expect(await cancel(command('delete', 'token-1', 1))).toMatchObject({
      kind: 'refused',
      rejection: { code: 'revision-mismatch', currentState: 'pending', allowed: ['delete'] },
    });
    expect(stored()).toEqual([]);
  });

  it('is accepted for revision 0, as shown, though an earlier create has expired', async () => {
    const vm = initialVm(TENANT, VM);
    const late = command('create', 'token-9');
    await log.append({
      subject: vmEventSubject(TENANT, VM, 'recovery', 'command-expired'),
      event: nextEvent(vm, expire(vm, { ...late, id: commandId('cmd-late') }, 'late').fact, {
        id: newEventId(),
        time: NOW,
        writer: 'recovery',
        actor: 'token-9',
        causationid: commandId('cmd-late'),
      }),
      filter: vmFilter(TENANT, VM),
      expected: 0,
    });
    const ended = await cancel(command('delete', 'token-1', 0));
    expect(ended).toMatchObject({ operation: { status: 'succeeded', sequence: 2 } });
  });

  it('is refused like for any deleted VM when another delete was first', async () => {
    await cancel({ ...command('delete', 'token-2'), id: commandId('cmd-first') });
    expect(await cancel(command('delete', 'token-1'))).toMatchObject({
      kind: 'refused',
      rejection: { code: 'vm-deleted', currentState: 'deleted', allowed: [] },
    });
  });
});
