// Delivers a durable consumer's messages in stream order, a bounded number at a time, until the signal aborts.
import { type Consumer, JetStreamApiCodes, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import { backoffMs, pause, RECONNECT_BACKOFF } from '../../backoff.ts';
import { asError } from '../../errors.ts';
import type { ConsumeOptions } from '../../queue-port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { delivery } from './delivery.ts';
import { createHeld, type Held } from './held.ts';
import { pull } from './pull.ts';
import { type Slots, slots } from './slots.ts';

/** A message whose handler threw is redelivered after this delay. */
const NAK_AFTER_BUG_MS = 5_000;
/** The limit of messages pulled ahead of the handlers, which bounds the memory, however many are held. */
const MAX_PULLED_AHEAD = 256;
const NANOS_PER_MS = 1e6;

export const consume = async (deps: JetStreamDeps, options: ConsumeOptions): Promise<void> => {
  const { signal } = options;
  const inProgress = slots(options.maxInFlight);
  const handlers = new Set<Promise<void>>();
  const held = createHeld();
  const deliver = deliverTo(deps, options, { inProgress, handlers, held });
  for (let attempt = 1; !signal.aborted; attempt++) {
    let cause: Error = new Error(`the subscription to ${options.durable} of ${options.stream} is renewed`);
    try {
      const consumer = await find(deps, options);
      const { ack_wait: ackWait } = (await consumer.info(true)).config;
      if (ackWait !== undefined) held.setAckWait(ackWait / NANOS_PER_MS);
      // At most as many messages again are pulled ahead; their ack_wait runs meanwhile.
      const session = pull({
        connection: deps.connection,
        consumer,
        maxMessages: Math.min(options.maxInFlight, MAX_PULLED_AHEAD),
        signal,
      });
      for await (const message of session) {
        await inProgress.free(signal);
        if (signal.aborted) break;
        deliver(message);
        attempt = 0;
      }
    } catch (error) {
      cause = asError(error);
    }
    if (signal.aborted) break;
    if (deps.connection.isClosed()) {
      held.stop();
      throw cause;
    }
    deps.observe({ kind: 'retry', operation: 'consume', attempt, cause });
    await pause(backoffMs(attempt, RECONNECT_BACKOFF), signal);
  }
  await Promise.all(handlers);
  held.stop();
};

const NOT_THERE: readonly number[] = [JetStreamApiCodes.ConsumerNotFound, JetStreamApiCodes.StreamNotFound];

const find = async (deps: JetStreamDeps, { stream, durable }: ConsumeOptions): Promise<Consumer> => {
  try {
    const consumer = await deps.client.consumers.get(stream, durable);
    deps.observe({ kind: 'consumer', stream, durable, found: true });
    return consumer;
  } catch (error) {
    // Any other error (server unavailable) proves nothing about the consumer.
    if (error instanceof JetStreamApiError && NOT_THERE.includes(error.code))
      deps.observe({ kind: 'consumer', stream, durable, found: false });
    throw error;
  }
};

interface Progress {
  readonly inProgress: Slots;
  readonly handlers: Set<Promise<void>>;
  readonly held: Held;
}

const deliverTo =
  (deps: JetStreamDeps, options: ConsumeOptions, { inProgress, handlers, held }: Progress) =>
  (message: JsMsg): void => {
    const { seq } = message;
    if (!inProgress.take(seq)) return;
    const received = delivery(deps, message, {
      onEnd: () => {
        inProgress.release(seq);
        held.remove(seq);
      },
      onHold: (kept) => {
        inProgress.hold(seq);
        held.add(seq, kept);
      },
    });
    const onBug = (error: unknown): void => {
      received.nak(NAK_AFTER_BUG_MS);
      options.onError(error, received);
    };
    try {
      const handled = options.onDelivery(received);
      if (!handled) return;
      const settled = handled.catch(onBug).finally(() => handlers.delete(settled));
      handlers.add(settled);
    } catch (error) {
      onBug(error);
    }
  };
