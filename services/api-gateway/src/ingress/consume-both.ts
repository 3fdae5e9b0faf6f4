// The gateway's two durable consumers, pulled until the service stops.
import type { Delivery, gatewayConsumers, WorkQueue } from '@ironlog/event-log';
import type { Logger } from '@ironlog/service-kit';

type Handle = (delivery: Delivery) => Promise<void>;

export interface Consuming {
  readonly queue: Pick<WorkQueue, 'consume'>;
  readonly definitions: typeof gatewayConsumers;
  readonly ingress: Handle;
  readonly placement: Handle;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Ingress messages handled at once: enough to keep the server's fsync busy, few enough to limit memory. */
const INGRESS_IN_FLIGHT = 256;
const PLACEMENT_IN_FLIGHT = 256;

export const consumeBoth = async ({
  queue,
  definitions,
  ingress,
  placement,
  logger,
  signal,
}: Consuming): Promise<void> => {
  const consume = (
    { stream, config }: (typeof definitions)['ingress'],
    maxInFlight: number,
    onDelivery: Handle,
  ): Promise<void> =>
    queue.consume({
      stream,
      durable: config.durable_name,
      maxInFlight,
      onDelivery,
      onError: (err, { subject, streamSequence }) =>
        logger.error({ err, subject, streamSequence }, 'a message could not be handled; it will be delivered again'),
      signal,
    });
  const ended = await Promise.allSettled([
    consume(definitions.ingress, INGRESS_IN_FLIGHT, ingress),
    consume(definitions.placement, PLACEMENT_IN_FLIGHT, placement),
  ]);
  for (const result of ended) {
    // The connection is then closed for good, which ends the service by itself.
    if (result.status === 'rejected') logger.error({ err: result.reason }, 'a consumer has ended');
  }
};
