// Held messages: kept from redelivery together, in periodic bursts.
import type { Delivery } from '../../queue-port.ts';

/**
 * A share of `ack_wait`. Each `working` costs both sides some 30 µs of CPU (10,000 of them every 21 s: 1.4 % of a
 * core). A late or lost burst causes copies, which are dropped here and which another consumer may hold as well.
 */
const SHARE = 0.7;
/** Until the consumer's configuration is known. */
const FIRST_ACK_WAIT_MS = 10_000;

export interface Held {
  add(sequence: number, delivery: Delivery): void;
  remove(sequence: number): void;
  /** The server's redelivery time, in milliseconds. */
  setAckWait(ms: number): void;
  /** Naks every held message, for immediate redelivery. */
  stop(): void;
}

/** The timer runs only while a message is held. */
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
