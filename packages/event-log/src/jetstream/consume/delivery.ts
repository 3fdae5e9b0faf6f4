// One delivery: ended once, and acked until the server confirms.
import type { JsMsg } from '@nats-io/jetstream';
import { backoffMs, pause, RECONNECT_BACKOFF } from '../../backoff.ts';
import { asError } from '../../errors.ts';
import type { Delivery } from '../../queue-port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { headerMap } from '../header-map.ts';

const ACK = '+ACK';

export interface DeliveryHooks {
  /** Called once, when the delivery ends. */
  readonly onEnd: () => void;
  /** Called when the delivery is held. */
  readonly onHold: (held: Delivery) => void;
}

export const delivery = (deps: JetStreamDeps, message: JsMsg, { onEnd, onHold }: DeliveryHooks): Delivery => {
  let ended = false;
  const end = (): boolean => {
    if (ended) return false;
    ended = true;
    onEnd();
    return true;
  };
  // On a closed connection no response is possible or needed: the server redelivers after ack_wait.
  const respond = (send: () => void): void => {
    if (!deps.connection.isClosed()) send();
  };
  const received: Delivery = {
    subject: message.subject,
    bytes: message.data,
    headers: headerMap(message.headers),
    streamSequence: message.seq,
    storedAt: message.time,
    deliveryCount: message.info.deliveryCount,
    ack: async () => {
      await ackUntilTaken(deps, message);
      end();
    },
    nak: (delayMs) => {
      if (end()) respond(() => message.nak(delayMs));
    },
    working: () => {
      if (!ended) respond(() => message.working());
    },
    hold: () => {
      if (!ended) onHold(received);
    },
    term: (reason) => {
      if (end()) respond(() => message.term(reason));
    },
  };
  return received;
};

/** Unlike the client's `ackAck()`, which resolves after one timeout without a retry. A repeated ack is harmless. */
const ackUntilTaken = async (deps: JetStreamDeps, message: JsMsg): Promise<void> => {
  const reply = ackSubject(message);
  for (let attempt = 1; ; attempt++) {
    try {
      await deps.connection.request(reply, ACK, { timeout: deps.requestTimeoutMs });
      return;
    } catch (error) {
      if (deps.connection.isClosed()) throw error;
      deps.observe({ kind: 'retry', operation: 'ack', attempt, cause: asError(error) });
      await pause(backoffMs(attempt, RECONNECT_BACKOFF));
    }
  }
};

const ackSubject = (message: JsMsg): string => {
  if ('reply' in message && typeof message.reply === 'string' && message.reply !== '') return message.reply;
  throw new Error(`message ${message.seq} on ${message.subject} has no ack subject: it did not come from a consumer`);
};
