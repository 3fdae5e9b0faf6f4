import { pendingOperation, workCommand } from '@ironlog/domain';
import type { Delivery } from '@ironlog/event-log';
import { commandId, type HostId, vmSpecSchema, type WorkCommand, workSubject } from '@ironlog/schemas';
import { createLogger, createMetrics, systemClock } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { CREATE, createStory, OWNER, TENANT, VM } from '../fixtures/story.fixture.ts';
import { createVmLocations } from '../tail/vm-locations.ts';
import { type PlaceWaitingDeps, placeWaiting } from './place-waiting.ts';
import { createWaitingRoom } from './waiting-room.ts';

const parts = { writer: 'gateway', tenant: TENANT, vmId: VM, actor: 'token-1' } as const;
const request = {
  door: 'http',
  requestedAt: '2026-01-01T00:00:00.000Z',
  startBy: '2999-01-01T00:00:00.000Z',
  bodyHash: 'a'.repeat(64),
} as const;
const command = workCommand({
  ...parts,
  id: CREATE,
  action: { verb: 'create', params: { spec: vmSpecSchema.parse({}), start: false } },
  request,
});
const boot = workCommand({ ...parts, id: commandId('cmd-boot'), action: { verb: 'boot', params: {} }, request });

interface Delivered extends Partial<PlaceWaitingDeps> {
  readonly sent?: WorkCommand;
  /** Its operation has ended. */
  readonly known?: boolean;
}

/** Delivers a command of `work.any`, by default the create, to a gateway with a suitable host. */
const deliver = async ({ sent = command, known = false, ...more }: Delivered = {}) => {
  const reads = { vmLocation: () => undefined, aggregate: () => undefined };
  const placed: (HostId | 'any')[] = [];
  const ended: string[] = [];
  const delivery: Delivery = {
    subject: workSubject('any', TENANT, VM, sent.data.action.verb),
    bytes: new TextEncoder().encode(JSON.stringify(sent)),
    headers: new Map(),
    streamSequence: 1,
    storedAt: new Date(),
    deliveryCount: 2,
    ack: async () => void ended.push('ack'),
    nak: () => void ended.push('nak'),
    working: () => undefined,
    hold: () => undefined,
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
    vmLocation: createVmLocations(reads),
    waiting: createWaitingRoom(10),
    operations: {
      find: () => (known ? { ...pending, finishedAt: '2026-01-01T00:00:01.000Z' } : pending),
      follow: () => undefined,
    },
    answerForDeleted: () => Promise.reject(new Error('the VM is not deleted')),
    reject: () => Promise.reject(new Error('nothing is rejected')),
    caughtUp: async () => true,
    retries: { keep: () => void ended.push('kept'), wake: () => undefined },
    signal: new AbortController().signal,
    ...more,
  })(delivery);
  return { placed, ended };
};
const pending = pendingOperation(command);

test('a waiting create is placed on a host with capacity', async () => {
  expect(await deliver()).toEqual({ placed: [OWNER], ended: ['ack'] });
});

test('one with a stored outcome is not placed again when redelivered', async () => {
  expect(await deliver({ known: true })).toEqual({ placed: [], ended: ['ack'] });
});

test('nor is one whose rejection the tail has and the read model has not', async () => {
  const room = createWaitingRoom(10);
  room.fold(createStory().reject(OWNER, CREATE));
  expect(await deliver({ waiting: room })).toEqual({ placed: [], ended: ['ack'] });
});

test('a create that fits no host is kept until a change', async () => {
  const place = () => ({ kind: 'no-host', reasons: {} }) as const;
  expect(await deliver({ hosts: { place } })).toEqual({ placed: [], ended: ['kept'] });
});

test('a boot of an unknown VM waits while the read model is behind, because its create may exist', async () => {
  expect(await deliver({ sent: boot, caughtUp: async () => false })).toEqual({ placed: [], ended: ['nak'] });
});

test('it is not rejected when its create appears meanwhile', async () => {
  const vmLocation = createVmLocations({ vmLocation: () => undefined, aggregate: () => undefined });
  const caughtUp = async (): Promise<boolean> => {
    vmLocation.pending(TENANT, VM, { kind: 'pending', target: 'any', createId: CREATE });
    return true;
  };
  expect(await deliver({ sent: boot, vmLocation, caughtUp })).toEqual({ placed: [], ended: ['kept'] });
});
