import { workCommand } from '@ironlog/domain';
import type { Delivery } from '@ironlog/event-log';
import { commandId, type Heartbeat, hostId, type VmId, vmId, vmSpecSchema, type WorkCommand } from '@ironlog/schemas';
import { createLogger } from '@ironlog/service-kit';
import { afterEach, expect, test, vi } from 'vitest';
import { heartbeat } from '../fixtures/executor.fixture.ts';
import { CREATE, cancelled, createStory, TENANT, VM } from '../fixtures/story.fixture.ts';
import { createRetries } from './retries.ts';

const HOST = hostId('host-1');
let stopping = new AbortController();
afterEach(() => {
  stopping.abort();
  stopping = new AbortController();
});

const request = {
  door: 'http',
  requestedAt: '2026-01-01T00:00:00.000Z',
  startBy: '2999-01-01T00:00:00.000Z',
  bodyHash: 'a'.repeat(64),
} as const;
const commandOf = (id: VmId, cpus: number): WorkCommand =>
  workCommand({
    writer: 'gateway',
    tenant: TENANT,
    vmId: id,
    actor: 'token-1',
    id: id === VM ? CREATE : commandId(`cmd-${id}`),
    action: { verb: 'create', params: { spec: vmSpecSchema.parse({ cpus }), start: false } },
    request,
  });

/** `count` waiting creates, of one and of four CPUs alternating, and a host with `free` CPUs for them. */
const room = (count: number, free: number) => {
  const tried: string[] = [];
  const placed: string[] = [];
  const retried: string[] = [];
  let left = free;
  const beat = (): Heartbeat => heartbeat(HOST, { capacity: { cpus: left, memoryMiB: 1_000_000, processes: 1000 } });
  const retries = createRetries({
    live: () => [beat()],
    tryCreate: ({ command: { subject, data } }) => {
      const cpus = data.action.verb === 'create' ? data.action.params.spec.cpus : 0;
      tried.push(subject);
      if (cpus > left) return undefined;
      left -= cpus;
      return async () => void placed.push(subject);
    },
    retry: async ({ command }) => void retried.push(command.subject),
    isWaiting: () => true,
    logger: createLogger({ service: 'test', level: 'fatal' }),
    signal: stopping.signal,
  });
  const held: number[] = [];
  const delivery = (sequence: number): Delivery => ({
    subject: '',
    bytes: new Uint8Array(),
    headers: new Map(),
    streamSequence: sequence,
    storedAt: new Date(),
    deliveryCount: 1,
    ack: async () => undefined,
    nak: () => undefined,
    working: () => undefined,
    hold: () => void held.push(sequence),
    term: () => undefined,
  });
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const id = sequence === 1 ? VM : vmId(`vm-${sequence}`);
    const command = commandOf(id, sequence % 2 === 0 ? 4 : 1);
    retries.keep({ command, delivery: delivery(sequence), sequence });
  }
  return { retries, tried, placed, retried, held };
};

test('a host with capacity gets the oldest that fit, class by class, and no more when it is full', async () => {
  const { retries, tried, placed, held } = room(1000, 11);
  expect(held).toHaveLength(1000);
  retries.improved(HOST);
  await vi.waitFor(() => expect(tried.length).toBeGreaterThan(5));
  // 1 + 4 + 1 + 4 + 1 CPUs: then neither class fits, and each is tried once.
  expect(placed).toEqual(['vm-1', 'vm-2', 'vm-3', 'vm-4', 'vm-5']);
  expect(tried).toEqual([...placed, 'vm-6', 'vm-7']);
});

test('a host without capacity for any of them causes no attempt', async () => {
  const { retries, tried, placed } = room(1000, 0);
  retries.improved(HOST);
  const { retries: others, placed: next } = room(1, 1);
  others.improved(HOST);
  await vi.waitFor(() => expect(next).toEqual(['vm-1']));
  expect([tried, placed]).toEqual([[], []]);
});

test('an event of a VM retries only the commands waiting for that VM', async () => {
  const { retries, retried } = room(10, 0);
  retries.fold(createStory().append('gateway', cancelled));
  await vi.waitFor(() => expect(retried).toEqual(['vm-1']));
});
