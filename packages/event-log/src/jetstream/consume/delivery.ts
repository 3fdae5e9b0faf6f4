// One message in hand: ended once, acked until the server has taken it.
import type { JsMsg } from '@nats-io/jetstream';
import { backoffMs, pause, RECONNECT_BACKOFF } from '../../backoff.ts';
import { asError } from '../../errors.ts';
import type { Delivery } from '../../queue-port.ts';
import type { JetStreamDeps } from '../deps.ts';
import { headerMap } from '../header-map.ts';

const ACK = '+ACK';

export interface Hand {
  /** Called once, when the message is out of hand. */
  readonly onEnd: () => void;
  /** It is kept in hand from now on. */
  readonly onHold: (held: Delivery) => void;
}

export const delivery = (deps: JetStreamDeps, message: JsMsg, { onEnd, onHold }: Hand): Delivery => {
  let ended = false;
  const end = (): boolean => {
    if (ended) return false;
    ended = true;
    onEnd();
    return true;
  };
  // On a closed connection nothing can be said, and nothing need be: the server delivers again after ack_wait.
  const say = (words: () => void): void => {
    if (!deps.connection.isClosed()) words();
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
      if (end()) say(() => message.nak(delayMs));
    },
    working: () => {
      if (!ended) say(() => message.working());
    },
    hold: () => {
      if (!ended) onHold(received);
    },
    term: (reason) => {
      if (end()) say(() => message.term(reason));
    },
  };
  return received;
};

/** Not the client's `ackAck()`, which after one timeout resolves without asking again. An ack twice is an ack. */
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
