import type { Delivery } from '@ironlog/event-log';
import { type HostId, vmSpecSchema, type WorkCommand, workSubject } from '@ironlog/schemas';
import { createLogger, createMetrics, systemClock } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { CREATE, createStory, OWNER, TENANT, VM } from '../fixtures/story.fixture.ts';
import { createWhereabouts } from '../tail/whereabouts.ts';
import { placeWaiting } from './place-waiting.ts';
import { createWaitingRoom } from './waiting-room.ts';

const command: WorkCommand = {
  specversion: '1.0',
  id: CREATE,
  source: '/api-gateway',
  type: 'ironlog.vm.create.v1',
  subject: VM,
  time: '2026-01-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  actor: 'token-1',
  tenant: TENANT,
  correlationid: CREATE,
  data: {
    action: { verb: 'create', params: { spec: vmSpecSchema.parse({}), start: false } },
    request: {
      verb: 'create',
      door: 'http',
      requestedAt: '2026-01-01T00:00:00.000Z',
      startBy: '2999-01-01T00:00:00.000Z',
      bodyHash: 'a'.repeat(64),
    },
    round: 0,
  },
};

/** The create as it waits on `work.any`, delivered to a gateway that has a host for it; `known`: its operation has ended. */
const deliver = async (known: boolean, waiting = createWaitingRoom(10)) => {
  const reads = { whereabouts: () => undefined, aggregate: () => undefined };
  const placed: (HostId | 'any')[] = [];
  const ended: string[] = [];
  const delivery: Delivery = {
    subject: workSubject('any', TENANT, VM, 'create'),
    bytes: new TextEncoder().encode(JSON.stringify(command)),
    headers: new Map(),
    streamSequence: 1,
    storedAt: new Date(),
    deliveryCount: 2,
    ack: async () => void ended.push('ack'),
    nak: () => void ended.push('nak'),
    working: () => undefined,
    term: () => void ended.push('term'),
  };
  await placeWaiting({
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'fatal' }),
    metrics: createMetrics({ service: 'test' }),
    queue: {
      publish: async (target) => {
        placed.push(target);
        return { kind: 'stored', sequence: 2, duplicate: false };
      },
    },
    hosts: { place: () => ({ kind: 'placed', host: OWNER }) },
    whereabouts: createWhereabouts(reads),
    waiting,
    operations: {
      find: () => (known ? { ...pending, finishedAt: '2026-01-01T00:00:01.000Z' } : pending),
      follow: () => undefined,
    },
    answerForDeleted: () => Promise.reject(new Error('the VM is not deleted')),
    reject: () => Promise.reject(new Error('nothing is rejected')),
    signal: new AbortController().signal,
  })(delivery);
  return { placed, ended };
};
const pending = {
  id: CREATE,
  tenant: TENANT,
  vmId: VM,
  verb: 'create',
  actor: 'token-1',
  status: 'pending',
  request: command.data.request,
  startedAt: null,
  finishedAt: null,
  startAfterCreate: false,
  sequence: 0,
} as const;

test('a create that waits is placed on a host that has room', async () => {
  expect(await deliver(false)).toEqual({ placed: [OWNER], ended: ['ack'] });
});

test('one that has its outcome on record is not placed again when it is delivered again', async () => {
  expect(await deliver(true)).toEqual({ placed: [], ended: ['ack'] });
});

test('nor is one whose rejection the tail has seen, though the read model has not', async () => {
  const room = createWaitingRoom(10);
  room.fold(createStory().reject(OWNER, CREATE));
  expect(await deliver(false, room)).toEqual({ placed: [], ended: ['ack'] });
});
