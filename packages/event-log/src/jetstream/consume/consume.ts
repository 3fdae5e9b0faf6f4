// A durable consumer's messages, handed over in stream order and a bounded number at a time, for as long as the signal lasts.
import { type Consumer, JetStreamApiCodes, JetStreamApiError, type JsMsg } from '@nats-io/jetstream';
import { backoffMs, pause, RECONNECT_BACKOFF } from '../../backoff.ts';
import { asError } from '../../errors.ts';
import type { ConsumeOptions } from '../../queue-port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { delivery } from './delivery.ts';
import { createHeld, type Held } from './held.ts';
import { pull } from './pull.ts';
import { type Slots, slots } from './slots.ts';

/** What a handler that threw gets back is delivered again after this, not at once. */
const NAK_AFTER_BUG_MS = 5_000;
/** Pulled ahead of the hands at most, however many are held: the memory that it costs. */
const MAX_PULLED_AHEAD = 256;
const NANOS_PER_MS = 1e6;

export const consume = async (deps: JetStreamDeps, options: ConsumeOptions): Promise<void> => {
  const { signal } = options;
  const inHand = slots(options.maxInFlight);
  const handlers = new Set<Promise<void>>();
  const held = createHeld();
  const handOver = handOverTo(deps, options, { inHand, handlers, held });
  for (let attempt = 1; !signal.aborted; attempt++) {
    let cause: Error = new Error(`the subscription to ${options.durable} of ${options.stream} is renewed`);
    try {
      const consumer = await find(deps, options);
      const { ack_wait: ackWait } = (await consumer.info(true)).config;
      if (ackWait !== undefined) held.setAckWait(ackWait / NANOS_PER_MS);
      // Pulled ahead of the hands are as many again at most; their ack_wait runs while they wait.
      const session = pull({
        connection: deps.connection,
        consumer,
        maxMessages: Math.min(options.maxInFlight, MAX_PULLED_AHEAD),
        signal,
      });
      for await (const message of session) {
        await inHand.free(signal);
        if (signal.aborted) break;
        handOver(message);
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
    // Anything else (the server is away) says nothing of the consumer.
    if (error instanceof JetStreamApiError && NOT_THERE.includes(error.code))
      deps.observe({ kind: 'consumer', stream, durable, found: false });
    throw error;
  }
};

interface Hands {
  readonly inHand: Slots;
  readonly handlers: Set<Promise<void>>;
  readonly held: Held;
}

const handOverTo =
  (deps: JetStreamDeps, options: ConsumeOptions, { inHand, handlers, held }: Hands) =>
  (message: JsMsg): void => {
    const { seq } = message;
    if (!inHand.take(seq)) return;
    const received = delivery(deps, message, {
      onEnd: () => {
        inHand.release(seq);
        held.remove(seq);
      },
      onHold: (kept) => {
        inHand.hold(seq);
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
