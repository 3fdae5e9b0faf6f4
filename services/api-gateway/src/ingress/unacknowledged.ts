// What the gateway before this one had in hand: JetStream brings it back only when the ack wait has passed, behind what
// was published later. So a start handles it first, in stream order; that it comes once more is harmless (P6).
import type { ConsumerDefinition, Delivery, UnacknowledgedMessage, WorkQueue } from '@ironlog/event-log';
import type { Logger } from '@ironlog/service-kit';

export interface CutOff {
  readonly queue: Pick<WorkQueue, 'unacknowledged'>;
  readonly from: ConsumerDefinition;
  readonly handle: (delivery: Delivery) => Promise<void>;
  readonly logger: Logger;
}

/** It can be ended by nobody but its own redelivery. */
const endless = (message: UnacknowledgedMessage): Delivery => ({
  ...message,
  deliveryCount: 2,
  ack: async () => undefined,
  nak: () => undefined,
  working: () => undefined,
  hold: () => undefined,
  term: () => undefined,
});

/** Resolves when each has been handled once. @throws LogUnavailableError when the consumer cannot be read. */
export const handleCutOff = async ({ queue, from, handle, logger }: CutOff): Promise<void> => {
  for (const message of await queue.unacknowledged(from.stream, from.config.durable_name)) {
    try {
      await handle(endless(message));
    } catch (err) {
      const { subject, streamSequence } = message;
      logger.error(
        { err, subject, streamSequence },
        'a message in hand at the last end could not be handled; it comes again',
      );
    }
  }
};
