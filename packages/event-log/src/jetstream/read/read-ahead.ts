// One ephemeral consumer's messages in batches, pulled ahead of the reader, until the subscription must be renewed by the
// caller. Uses a callback: the client's ordered consumer and iterator allocate a promise and several objects per message.
import { createInbox, type Msg, type NatsConnection, nanos, type Status } from '@nats-io/transport-node';

export interface ReadAheadOptions {
  readonly connection: NatsConnection;
  /** The subject for pull requests: `$JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>`. */
  readonly nextSubject: string;
  /** The limit of messages requested or received and not returned yet; bounds the memory with a slow reader. */
  readonly ahead: number;
  readonly maxBatch: number;
  readonly signal: AbortSignal;
}

/** The lifetime of one pull request, and the interval of the server's idle heartbeats. */
const EXPIRES_MS = 10_000;
const IDLE_HEARTBEAT_MS = 2_000;
/** After this many silent intervals the server counts as gone. */
const MOST_SILENT = 2;

const HEARTBEAT = 100;
const EXPIRED = 408;

/** Ends on abort or when it must be renewed, after all received messages. The caller owns each batch. */
export const readAhead = async function* (options: ReadAheadOptions): AsyncGenerator<readonly Msg[]> {
  const { signal, maxBatch } = options;
  const arrivals = new Arrivals(options);
  const end = (): void => arrivals.end();
  signal.addEventListener('abort', end, { once: true });
  try {
    while (!signal.aborted) {
      const batch = await arrivals.next(maxBatch);
      if (batch.length === 0) return;
      yield batch;
    }
  } finally {
    signal.removeEventListener('abort', end);
    arrivals.end();
  }
};

class Arrivals {
  readonly #options: ReadAheadOptions;
  readonly #inbox: string;
  readonly #subscription;
  readonly #statuses: AsyncIterable<Status>;
  readonly #heartbeat: NodeJS.Timeout;
  #waiting: Msg[] = [];
  /** Requested and not received. */
  #asked = 0;
  #silent = 0;
  #ended = false;
  #onChange: (() => void) | undefined;

  constructor(options: ReadAheadOptions) {
    const { connection } = options;
    this.#options = options;
    this.#inbox = createInbox(inboxPrefixOf(connection));
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error) this.end();
        else this.#onMessage(message);
      },
    });
    // Closed by the server, or with the connection.
    void this.#subscription.closed.then(() => this.end());
    this.#heartbeat = setInterval(() => this.#onInterval(), IDLE_HEARTBEAT_MS);
    this.#statuses = connection.status();
    void this.#endOnReconnect();
  }

  /** Waits for at least one message; empty when no more will come. */
  async next(most: number): Promise<readonly Msg[]> {
    this.#ask();
    while (this.#waiting.length === 0 && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onChange = resolve;
      await promise;
    }
    if (this.#waiting.length > most) return this.#waiting.splice(0, most);
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscription.unsubscribe();
    clearInterval(this.#heartbeat);
    if ('stop' in this.#statuses && typeof this.#statuses.stop === 'function') this.#statuses.stop();
    this.#changed();
  }

  /** Back-pressure: requests no more than the reader has consumed, and not for a few messages. */
  #ask(): void {
    const { connection, nextSubject, ahead } = this.#options;
    const batch = ahead - this.#asked - this.#waiting.length;
    if (this.#ended || batch < ahead / 4) return;
    this.#asked += batch;
    const request = { batch, expires: nanos(EXPIRES_MS), idle_heartbeat: nanos(IDLE_HEARTBEAT_MS) };
    connection.publish(nextSubject, JSON.stringify(request), { reply: this.#inbox });
  }

  #onMessage(message: Msg): void {
    this.#silent = 0;
    if (message.subject === this.#inbox) {
      this.#onStatus(message);
      return;
    }
    this.#asked -= 1;
    this.#waiting.push(message);
    this.#changed();
  }

  #onStatus({ headers }: Msg): void {
    if (headers?.code === HEARTBEAT) return;
    if (headers?.code === EXPIRED) {
      this.#asked -= Number(headers.get('Nats-Pending-Messages') || 0);
      this.#ask();
      return;
    }
    // Any other status (consumer gone, leader moved, no responders) requires a new consumer.
    this.end();
  }

  /** Heartbeats come only for an open request. Intervals are counted, not timed: a slow reader is no silent server. */
  #onInterval(): void {
    if (this.#asked > 0) this.#silent += 1;
    if (this.#silent > MOST_SILENT) this.end();
  }

  /** The consumer may be lost with its server, and so is a request sent just before. */
  async #endOnReconnect(): Promise<void> {
    for await (const { type } of this.#statuses) if (type === 'reconnect') this.end();
  }

  #changed(): void {
    this.#onChange?.();
    this.#onChange = undefined;
  }
}

/** A user may receive replies under its own prefix only; the interface does not expose it (nats-core 3.4). */
const inboxPrefixOf = (connection: NatsConnection): string | undefined => {
  if (!('options' in connection)) return undefined;
  const { options } = connection;
  if (typeof options !== 'object' || options === null || !('inboxPrefix' in options)) return undefined;
  return typeof options.inboxPrefix === 'string' ? options.inboxPrefix : undefined;
};
