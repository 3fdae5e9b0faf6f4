// One consumer's messages in batches of what has arrived, until the subscription must be renewed; the caller renews it.
// The client would wait out a whole pull (seconds) when the server is not ready at the moment of the reconnect: we do not.
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection, Status } from '@nats-io/transport-node';

/** How long one pull stands before it is asked again, and how often the server says that it is alive meanwhile. */
const PULL_EXPIRES_MS = 10_000;
const IDLE_HEARTBEAT_MS = 2_000;

/** Notices after which the consumer may be gone or deaf (its server died, its leader moved). */
const RENEW_ON: ReadonlySet<string> = new Set([
  'heartbeats_missed',
  'consumer_deleted',
  'consumer_not_found',
  'stream_not_found',
  'no_responders',
]);

/**
 * The client counts its own notices among the messages that wait, and does not take all of them off again (3.4.0,
 * `QueuedIteratorImpl.iterate`): one or two may stand for nothing, so only a number well above is believed.
 */
const SURELY_PENDING = 16;

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly consumer: Consumer;
  /** Requested ahead of what is handled; the memory that a slow reader costs. */
  readonly maxMessages: number;
  readonly maxBatch: number;
  readonly signal: AbortSignal;
}

/** Ends on abort or when it must be renewed. Back-pressure: what is not asked of the iterator is not pulled beyond `maxMessages`. */
export const pull = async function* (options: PullOptions): AsyncGenerator<readonly JsMsg[]> {
  const { connection, consumer, signal } = options;
  const messages = await consumer.consume({
    max_messages: options.maxMessages,
    expires: PULL_EXPIRES_MS,
    idle_heartbeat: IDLE_HEARTBEAT_MS,
  });
  const stop = (): void => messages.stop();
  signal.addEventListener('abort', stop, { once: true });
  const statuses = connection.status();
  void stopOnNotice(messages);
  void stopOnReconnect(statuses, messages);
  try {
    if (signal.aborted) return;
    const iterator = messages[Symbol.asyncIterator]();
    let batch: JsMsg[] = [];
    let next: Promise<IteratorResult<JsMsg>> | undefined;
    let pending = 0;
    for (;;) {
      next ??= iterator.next();
      const arrived = batch.length === 0 || pending > SURELY_PENDING ? await next : await soon(next);
      if (arrived === 'nothing yet') {
        yield batch;
        if (signal.aborted) return;
        batch = [];
        continue;
      }
      if (arrived.done) break;
      batch.push(arrived.value);
      next = undefined;
      pending = messages.getPending();
      if (batch.length < options.maxBatch && pending > 0) continue;
      yield batch;
      if (signal.aborted) return;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
    endStatuses(statuses);
  }
};

/** `nothing yet`: it has not come in this turn of the event loop; it can be asked again, or be left alone. */
const soon = async <T>(next: Promise<T>): Promise<T | 'nothing yet'> => {
  next.catch(() => undefined);
  let turn: NodeJS.Immediate | undefined;
  const over = new Promise<'nothing yet'>((resolve) => {
    turn = setImmediate(resolve, 'nothing yet');
  });
  try {
    return await Promise.race([next, over]);
  } finally {
    clearImmediate(turn);
  }
};

/** Ends with the messages. */
const stopOnNotice = async (messages: ConsumerMessages): Promise<void> => {
  for await (const notice of messages.status()) if (RENEW_ON.has(notice.type)) messages.stop();
};

/** The connection's statuses outlive the messages: ended by whoever started this. */
const stopOnReconnect = async (statuses: AsyncIterable<Status>, messages: ConsumerMessages): Promise<void> => {
  for await (const status of statuses) if (status.type === 'reconnect') messages.stop();
};

const endStatuses = (statuses: AsyncIterable<Status>): void => {
  if ('stop' in statuses && typeof statuses.stop === 'function') statuses.stop();
};
