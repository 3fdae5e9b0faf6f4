// Messages that are held for long: kept from redelivery together, in one burst now and then.
import type { Delivery } from '../../queue-port.ts';

/**
 * Of `ack_wait`. Each word costs both sides some 30 µs of CPU (10,000 of them every 21 s: 1.4 % of a core). A burst that is late or lost
 * costs copies that are dropped here, and that another consumer may hold as well.
 */
const SHARE = 0.7;
/** Until the consumer's configuration has been read. */
const FIRST_ACK_WAIT_MS = 10_000;

export interface Held {
  add(sequence: number, delivery: Delivery): void;
  remove(sequence: number): void;
  /** How long the server waits for a word about a message. */
  setAckWait(ms: number): void;
  /** Gives everything back, to be delivered again at once. */
  stop(): void;
}

/** The timer runs only while something is held. */
export const createHeld = (): Held => {
  const held = new Map<number, Delivery>();
  let ackWaitMs = FIRST_ACK_WAIT_MS;
  let timer: NodeJS.Timeout | undefined;
  const beat = (): void => {
    timer = undefined;
    for (const delivery of held.values()) delivery.working();
    if (held.size > 0) timer = setTimeout(beat, ackWaitMs * SHARE);
  };
  return {
    add: (sequence, delivery) => {
      held.set(sequence, delivery);
      timer ??= setTimeout(beat, ackWaitMs * SHARE);
    },
    remove: (sequence) => {
      held.delete(sequence);
    },
    setAckWait: (ms) => {
      ackWaitMs = ms;
    },
    stop: () => {
      clearTimeout(timer);
      for (const delivery of [...held.values()]) delivery.nak(0);
    },
  };
};
