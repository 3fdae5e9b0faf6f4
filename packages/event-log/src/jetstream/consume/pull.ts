// One durable consumer's messages until the subscription must be renewed by the caller. After a reconnect to a server that
// is not ready, the client would wait for a whole pull (seconds); this does not.
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection, Status } from '@nats-io/transport-node';

/** The lifetime of one pull request, and the interval of the server's idle heartbeats. */
const PULL_EXPIRES_MS = 10_000;
const IDLE_HEARTBEAT_MS = 2_000;

/** Notices after which the consumer may be gone or unresponsive (its server died, its leader moved). */
const RENEW_ON: ReadonlySet<string> = new Set([
  'heartbeats_missed',
  'consumer_deleted',
  'consumer_not_found',
  'stream_not_found',
  'no_responders',
]);

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly consumer: Consumer;
  /** Requested ahead of the handler; bounds the memory with a slow reader. */
  readonly maxMessages: number;
  readonly signal: AbortSignal;
}

/**
 * Ends on abort or when the subscription must be renewed. Back-pressure: at most `maxMessages` are pulled ahead of the
 * iterator.
 */
export const pull = async function* (options: PullOptions): AsyncGenerator<JsMsg> {
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
    for await (const message of messages) {
      yield message;
      if (signal.aborted) return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
    endStatuses(statuses);
  }
};

/** Ends with the messages. */
const stopOnNotice = async (messages: ConsumerMessages): Promise<void> => {
  for await (const notice of messages.status()) if (RENEW_ON.has(notice.type)) messages.stop();
};

/** The connection's statuses outlive the messages; the caller ends them. */
const stopOnReconnect = async (statuses: AsyncIterable<Status>, messages: ConsumerMessages): Promise<void> => {
  for await (const status of statuses) if (status.type === 'reconnect') messages.stop();
};

const endStatuses = (statuses: AsyncIterable<Status>): void => {
  if ('stop' in statuses && typeof statuses.stop === 'function') statuses.stop();
};
