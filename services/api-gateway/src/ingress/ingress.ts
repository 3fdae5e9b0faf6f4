// The NATS ingress: each message becomes work, a stored rejection, or a quarantined message, and is acked only after
// that.
import type { Delivery, EventLog } from '@ironlog/event-log';
import {
  type CommandId,
  DEFAULT_START_WITHIN_SECONDS,
  derivedCommandId,
  type Rejection,
  rejectionCodeSchema,
  rejectionSubject,
  STREAMS,
  type TenantId,
} from '@ironlog/schemas';
import { type Clock, isTraceparent, type Logger, type Metrics, type Span, withProcessSpan } from '@ironlog/service-kit';
import type { Accept } from '../accept/accept.ts';
import type { Accepted, Refused } from '../accept/submission.ts';
import type { OperationIndex } from '../tail/operations.ts';
import { type IngressMessage, readIngressMessage } from './message.ts';
import { rejectionEvent } from './rejection.ts';

const RETRY_MS = 1_000;

export interface IngressDeps {
  readonly accept: Accept;
  readonly log: Pick<EventLog, 'appendRejection'>;
  readonly operations: Pick<OperationIndex, 'find'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Creation time of COMMANDS: with the sequence it identifies a message for good, also after the stream is recreated. */
  readonly streamCreatedAt: string;
  readonly signal: AbortSignal;
}

type Command = Extract<IngressMessage, { kind: 'command' }>;
type Named = Exclude<IngressMessage, { kind: 'stray' }>;

/** Handles deliveries in sequence for each VM, so that messages published in order are stored in order. */
export const createIngress = (deps: IngressDeps): ((delivery: Delivery) => Promise<void>) => {
  const turns = new Map<string, Promise<void>>();
  const counted = deps.metrics.counter('ironlog_nats_door_messages_total');
  return async (delivery) => {
    const message = readIngressMessage(delivery.subject, delivery.bytes);
    if (message.kind === 'stray') {
      quarantine(deps, delivery, message);
      counted.inc({ outcome: 'quarantined' });
      return;
    }
    // A message without a VM needs no order.
    const key = `${message.tenant}/${message.vmId ?? delivery.streamSequence}`;
    const turn = (turns.get(key) ?? Promise.resolve()).then(async () => {
      const outcome =
        message.kind === 'command'
          ? await take(deps, delivery, message)
          : await rejectMalformed(deps, delivery, message);
      counted.inc({ outcome });
    });
    // A failed turn must not fail the VM's next message; the consumer reports this delivery's error.
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    turns.set(key, settled);
    try {
      await turn;
    } finally {
      if (turns.get(key) === settled) turns.delete(key);
    }
  };
};

/** It stays in COMMANDS; the projector quarantines and counts it (I14). Here it is only skipped. */
const quarantine = (
  deps: IngressDeps,
  delivery: Delivery,
  { reason }: Extract<IngressMessage, { kind: 'stray' }>,
): void => {
  deps.logger.warn({ streamSequence: delivery.streamSequence, reason }, 'a message on NATS names no tenant');
  delivery.term(reason);
};

const idFor = ({ streamCreatedAt }: IngressDeps, { streamSequence }: Delivery): CommandId =>
  derivedCommandId(streamCreatedAt, String(streamSequence));

/** A client that repeats a publish, not knowing whether it was stored, uses one message id: it is one command at any time. */
const idOfClient = ({ headers }: Delivery, tenant: TenantId, id: CommandId | undefined): CommandId | undefined => {
  const messageId = headers.get('Nats-Msg-Id');
  return id ?? (messageId ? derivedCommandId(tenant, 'Nats-Msg-Id', messageId) : undefined);
};

/** The span of one message's handling; `id` is its command's. */
const traced = (
  delivery: Delivery,
  message: Named,
  id: CommandId,
  handle: (span: Span) => Promise<string>,
): Promise<string> => {
  const { headers, streamSequence, subject } = delivery;
  const { tenant, vmId, verb } = message;
  const inBody = message.kind === 'command' ? message.body.traceparent : undefined;
  const header = headers.get('traceparent');
  const parent = inBody ?? (isTraceparent(header) ? header : undefined);
  const command = { commandId: id, operationId: id };
  return withProcessSpan(
    { subject, id: headers.get('Nats-Msg-Id') || `${STREAMS.commands}.${streamSequence}` },
    { parent, attributes: { verb, tenant, vmId }, command },
    handle,
  );
};

const take = (deps: IngressDeps, delivery: Delivery, message: Command): Promise<string> => {
  const { tenant, vmId, verb, body } = message;
  const id = idOfClient(delivery, tenant, body.id) ?? idFor(deps, delivery);
  return traced(delivery, message, id, async ({ traceparent }) => {
    const startedAt = deps.clock.monotonicMs();
    const accepted = await deps.accept(
      {
        door: 'nats',
        tenant,
        vmId,
        verb,
        params: body.params,
        actor: 'nats',
        traceparent,
        requestedAt: delivery.storedAt.toISOString(),
        startBy: body.startBy,
        expectedRevision: body.expectedRevision,
        identity: { kind: 'id', id },
      },
      deps.signal,
    );
    deps.metrics
      .histogram('ironlog_command_accept_duration_seconds')
      .observe({ door: 'nats' }, (deps.clock.monotonicMs() - startedAt) / 1000);
    deps.metrics.counter('ironlog_commands_total').inc({ door: 'nats', verb, outcome: accepted.kind });
    return finish(deps, delivery, { message, accepted, id, traceparent });
  });
};

interface AcceptedMessage {
  readonly message: Command;
  readonly accepted: Accepted;
  readonly id: CommandId;
  readonly traceparent: string;
}

const finish = async (
  deps: IngressDeps,
  delivery: Delivery,
  { message, accepted, id, traceparent }: AcceptedMessage,
): Promise<string> => {
  switch (accepted.kind) {
    case 'accepted':
      await delivery.ack();
      return 'accepted';
    case 'unstored':
      delivery.nak(RETRY_MS);
      return 'retried';
    case 'refused':
      return reject(deps, delivery, {
        message,
        id,
        rejection: rejectionOf(accepted),
        bodyHash: accepted.bodyHash,
        startBy: message.body.startBy,
        traceparent,
      });
    default:
      return accepted satisfies never;
  }
};

/** An HTTP code that no event has is stored as an invalid command. */
const rejectionOf = ({ code, reason }: Refused): Rejection => ({
  code: rejectionCodeSchema.safeParse(code).data ?? 'invalid-command',
  reason,
});

const rejectMalformed = (
  deps: IngressDeps,
  delivery: Delivery,
  message: Extract<IngressMessage, { kind: 'malformed' }>,
): Promise<string> => {
  const id = idOfClient(delivery, message.tenant, message.id) ?? idFor(deps, delivery);
  const rejection = { code: 'invalid-command', reason: message.reason } as const;
  return traced(delivery, message, id, ({ traceparent }) =>
    reject(deps, delivery, { message, id, rejection, startBy: undefined, bodyHash: undefined, traceparent }),
  );
};

interface Rejecting {
  readonly message: Named;
  readonly id: CommandId;
  readonly rejection: Rejection;
  readonly startBy: string | undefined;
  readonly bodyHash: string | undefined;
  readonly traceparent?: string;
}

/** The id of the stored rejection; `undefined`: the message has, or will have, its outcome (P2). */
const rejectionId = (
  deps: IngressDeps,
  delivery: Delivery,
  { message: { tenant }, id, bodyHash }: Pick<Rejecting, 'message' | 'id' | 'bodyHash'>,
): CommandId | undefined => {
  const known = deps.operations.find(tenant, id);
  if (!known) return id;
  const { request } = known;
  const isSameTime = request.door === 'nats' && request.requestedAt === delivery.storedAt.toISOString();
  if (isSameTime && request.bodyHash === bodyHash) return undefined;
  // With an id of an existing operation, the rejection would end that one: it gets the message's own id.
  const own = idFor(deps, delivery);
  return deps.operations.find(tenant, own) ? undefined : own;
};

const reject = async (
  deps: IngressDeps,
  delivery: Delivery,
  { message, id, rejection, startBy, bodyHash, traceparent }: Rejecting,
): Promise<string> => {
  const { tenant, vmId, verb } = message;
  const requestedAt = delivery.storedAt.toISOString();
  const commandId = rejectionId(deps, delivery, { message, id, bodyHash });
  if (commandId === undefined) {
    await delivery.ack();
    return 'repeated';
  }
  const event = rejectionEvent({
    tenant,
    vmId,
    verb,
    commandId,
    requestedAt,
    rejection,
    bodyHash,
    traceparent,
    startBy: startBy ?? new Date(delivery.storedAt.getTime() + DEFAULT_START_WITHIN_SECONDS * 1000).toISOString(),
    now: deps.clock.now().toISOString(),
  });
  const appended = await deps.log.appendRejection(rejectionSubject(tenant, 'gateway'), event, deps.signal);
  if (appended.kind !== 'committed') {
    delivery.nak(RETRY_MS);
    return 'retried';
  }
  await delivery.ack();
  return 'rejected';
};
