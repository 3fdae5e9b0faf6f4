// Reads the clock that stamps EVENTS: that of the nats-server that leads the stream.
import { STREAMS } from '@ironlog/schemas';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { EventLogError } from '../errors.ts';

/** A slower answer has too large an error to be useful. */
const ANSWER_WITHIN_MS = 2_000;

/** Each call is one request to the stream's leader; it rejects when the leader does not answer. */
export const createStreamTimeReader = async (connection: NatsConnection): Promise<() => Promise<Date>> => {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: ANSWER_WITHIN_MS });
  return async () => {
    const { ts } = await manager.streams.info(STREAMS.events);
    const at = new Date(ts ?? Number.NaN);
    if (Number.isNaN(at.getTime()))
      throw new EventLogError(
        'no-server-time',
        `nats-server sends no time with ${STREAMS.events}: it must be 2.10 or newer`,
      );
    return at;
  };
};
