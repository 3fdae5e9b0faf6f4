// The unacknowledged messages of the previous gateway. JetStream redelivers them only after the ack wait, behind later
// ones, so a start handles them first, in stream order. Their redelivery is harmless (P6).
import type { ConsumerDefinition, Delivery, UnacknowledgedMessage, WorkQueue } from '@ironlog/event-log';
import type { Logger } from '@ironlog/service-kit';

export interface CutOff {
  readonly queue: Pick<WorkQueue, 'unacknowledged'>;
  readonly from: ConsumerDefinition;
  readonly handle: (delivery: Delivery) => Promise<void>;
  readonly logger: Logger;
}

/** Only its redelivery can end it. */
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
        'an unacknowledged message could not be handled; it will be redelivered',
      );
    }
  }
};
