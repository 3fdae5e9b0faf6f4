import { foldOperation, type OperationState } from '@ironlog/domain';
import { createMemoryEventLog } from '@ironlog/event-log';
import { commandId, type HostId, type WorkCommand } from '@ironlog/schemas';
import { createManualClock } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { bootStarted, claimedBy, created, createStory, OWNER as HOST, TENANT, VM } from '../fixtures/story.fixture.ts';
import { createWaitingRoom } from '../placement/waiting-room.ts';
import { createOperationIndex } from '../tail/operations.ts';
import { createVmLocations } from '../tail/vm-locations.ts';
import { type AcceptDeps, createAccept } from './accept.ts';
import { createReject } from './reject.ts';
import type { Submission } from './submission.ts';

const BOOT = commandId('cmd-boot');
const START = '2026-01-01T00:00:00.000Z';
const MINUTE_MS = 60_000;
const signal = new AbortController().signal;

const boot = (more: Partial<Submission> = {}): Submission => ({
  door: 'nats',
  tenant: TENANT,
  verb: 'boot',
  vmId: VM,
  params: {},
  actor: 'nats',
  requestedAt: START,
  identity: { kind: 'id', id: BOOT },
  ...more,
});

/** A gateway's `accept` with a queue that stores everything, and a scripted read model. */
const gateway = (more: Partial<AcceptDeps> = {}) => {
  const clock = createManualClock(new Date(START));
  const log = createMemoryEventLog();
  const recorded = new Map<string, OperationState>();
  const stored: [HostId | 'any', WorkCommand][] = [];
  const reads = {
    operation: (_: string, id: string) => recorded.get(id),
    vmLocation: () => undefined,
    aggregate: () => undefined,
  };
  const vmLocation = createVmLocations(reads);
  const deps: AcceptDeps = {
    clock,
    image: () => undefined,
    queue: {
      publish: async (target, command) => {
        stored.push([target, command]);
        return { kind: 'stored', sequence: stored.length, duplicate: false };
      },
    },
    operations: createOperationIndex({ reads, vmLocation }),
    vmLocation,
    waiting: createWaitingRoom(10),
    route: () => ({ kind: 'to', target: HOST }),
    cancel: async () => ({ kind: 'claimed', host: HOST }),
    answerForDeleted: async () => ({ kind: 'refused', rejection: { code: 'vm-deleted', reason: 'the VM is deleted' } }),
    reject: createReject({ log, clock }),
    awaitOperation: async () => undefined,
    caughtUp: async () => true,
    ...more,
  };
  return { accept: createAccept(deps), clock, recorded, stored, log };
};

test.each([
  ['without a startBy of its own', boot()],
  ['with one', boot({ startBy: '2026-01-01T00:05:00.000Z' })],
])('a command %s that is repeated after it is the existing operation', async (_, submission) => {
  const { accept, clock, stored } = gateway();
  expect(await accept(submission, signal)).toMatchObject({ kind: 'accepted', repeated: false });
  clock.advance(30 * MINUTE_MS);
  expect(await accept(submission, signal)).toMatchObject({ kind: 'accepted', repeated: true });
  expect(stored).toHaveLength(1);
});

test('one that first arrives after its startBy is expired', async () => {
  const { accept, clock, stored } = gateway();
  clock.advance(30 * MINUTE_MS);
  expect(await accept(boot(), signal)).toMatchObject({ kind: 'refused', code: 'expired' });
  expect(stored).toEqual([]);
});

test('a gateway whose read model is behind does not refuse what another gateway may have stored', async () => {
  const { accept, clock } = gateway({ caughtUp: async () => false });
  clock.advance(30 * MINUTE_MS);
  expect(await accept(boot(), signal)).toMatchObject({ kind: 'unstored', id: 'cmd-boot' });
});

test('an operation that appears while the read model catches up is answered, and not refused', async () => {
  const story = createStory();
  story.append(HOST, claimedBy(HOST));
  story.append(HOST, created);
  const { read } = story.append(HOST, bootStarted, BOOT);
  const running = read.ok ? foldOperation(BOOT, undefined, read.stored, 3) : undefined;
  const late = gateway({
    caughtUp: async () => {
      if (running) late.recorded.set(BOOT, { ...running, request: { ...running.request, bodyHash: undefined } });
      return true;
    },
  });
  late.clock.advance(30 * MINUTE_MS);
  expect(await late.accept(boot(), signal)).toMatchObject({
    kind: 'accepted',
    repeated: true,
    operation: { status: 'running' },
  });
});

test('a command that no host can refuse is rejected on record once, and is an operation like any other', async () => {
  const { accept, log } = gateway({ route: () => ({ kind: 'deleted' }) });
  const rejected = { status: 'rejected', actor: 'nats', error: { code: 'vm-deleted' } };
  expect(await accept(boot(), signal)).toMatchObject({ kind: 'accepted', repeated: false, operation: rejected });
  expect(await accept(boot(), signal)).toMatchObject({ kind: 'accepted', repeated: true, operation: rejected });
  expect((await log.info()).lastSequence).toBe(1);
});

test('it is not rejected before it is certain that it has no outcome yet', async () => {
  const { accept, log } = gateway({ route: () => ({ kind: 'deleted' }), caughtUp: async () => false });
  expect(await accept(boot(), signal)).toMatchObject({ kind: 'unstored' });
  expect((await log.info()).lastSequence).toBe(0);
});
