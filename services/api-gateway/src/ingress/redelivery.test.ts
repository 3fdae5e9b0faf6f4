// A message with a stored outcome and a lost ack is redelivered: it gets no second outcome, under any id.
import { foldOperation, type OperationState } from '@ironlog/domain';
import { createMemoryEventLog, type Delivery } from '@ironlog/event-log';
import { type CommandId, commandId, tenantId, vmId } from '@ironlog/schemas';
import { createLogger, createMetrics, systemClock } from '@ironlog/service-kit';
import { expect, test } from 'vitest';
import { createIngress } from './ingress.ts';

const delivery = (body: object, storedAt: Date): Delivery => ({
  subject: 'ironlog.cmd.dev.vm-1.boot',
  bytes: new TextEncoder().encode(JSON.stringify(body)),
  headers: new Map(),
  streamSequence: storedAt.getTime() % 1000,
  storedAt,
  deliveryCount: 1,
  ack: async () => undefined,
  nak: () => undefined,
  working: () => undefined,
  hold: () => undefined,
  term: () => undefined,
});

const parts = {
  clock: systemClock,
  logger: createLogger({ service: 'test', level: 'fatal' }),
  metrics: createMetrics({ service: 'test' }),
  streamCreatedAt: '2026-01-01T00:00:00Z',
  signal: new AbortController().signal,
};

const accepted = (storedAt: Date): OperationState => ({
  id: commandId('cmd-one'),
  tenant: tenantId('dev'),
  vmId: vmId('vm-1'),
  verb: 'boot',
  actor: 'nats',
  status: 'pending',
  request: {
    verb: 'boot',
    door: 'nats',
    requestedAt: storedAt.toISOString(),
    startBy: '2026-01-01T00:10:00.001Z',
    bodyHash: 'aa',
  },
  startedAt: null,
  finishedAt: null,
  startAfterCreate: false,
  sequence: 0,
});

test.each([
  ['the same message', new Date('2026-01-01T00:00:00.001Z'), ['cmd-one']],
  [
    'another message under the same id',
    new Date('2026-01-01T00:00:00.002Z'),
    ['cmd-one', expect.not.stringMatching('cmd-one')],
  ],
])('%s', async (_, second, rejected) => {
  const log = createMemoryEventLog();
  const known = new Map<CommandId, OperationState>();
  const ingress = createIngress({
    ...parts,
    accept: async () => ({ kind: 'refused', code: 'invalid-command', reason: 'no host has it', bodyHash: 'aa' }),
    log: {
      appendRejection: async (subject, event) => {
        const id = commandId(event.causationid ?? '');
        const operation = foldOperation(id, undefined, { kind: 'rejection', writer: 'gateway', event }, 1);
        if (operation) known.set(id, operation);
        return log.appendRejection(subject, event);
      },
    },
    operations: { find: (_tenant, id) => known.get(id) },
  });
  for (const storedAt of [new Date('2026-01-01T00:00:00.001Z'), second])
    await ingress(delivery({ id: 'cmd-one' }, storedAt));
  expect([...known.keys()]).toEqual(rejected);
  expect((await log.info()).lastSequence).toBe(rejected.length);
});

test.each(['pending', 'running', 'succeeded'] as const)(
  'a refusal of a command that is already %s ends in an ack, without an outcome',
  async (status) => {
    const log = createMemoryEventLog();
    const acked: number[] = [];
    const storedAt = new Date('2026-01-01T00:00:00.001Z');
    const ingress = createIngress({
      ...parts,
      accept: async () => ({ kind: 'refused', code: 'expired', reason: 'startBy has passed', bodyHash: 'aa' }),
      log,
      operations: { find: (_tenant, id) => ({ ...accepted(storedAt), id, status }) },
    });
    await ingress({ ...delivery({}, storedAt), ack: async () => void acked.push(1) });
    expect(acked).toHaveLength(1);
    expect((await log.info()).lastSequence).toBe(0);
  },
);
