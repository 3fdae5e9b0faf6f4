// The port of the two command streams: publish accepted work, consume with explicit acks.
import type { HostId, WorkCommand } from '@ironlog/schemas';

/**
 * A delivery. Exactly one of ack, nak, term ends it; `working` delays its redelivery. Until it ends, redelivered copies
 * are dropped: the handler gets it once.
 */
export interface Delivery {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  readonly streamSequence: number;
  readonly storedAt: Date;
  readonly deliveryCount: number;
  /**
   * Resolves when the server confirms the ack; repeats it until then. Less durable than an append: a single server
   * writes consumer state asynchronously, whatever `sync_interval` is, and a SIGKILL loses the last acks (measured,
   * 2.15.1: 3 of 5 runs). An acked message may rarely be redelivered, which must be harmless (P6). Rejects only when
   * the connection is closed for good.
   */
  ack(): Promise<void>;
  nak(delayMs: number): void;
  working(): void;
  /**
   * Keeps the delivery in progress without limit: it no longer counts against `maxInFlight`, and is kept from redelivery
   * while the consumer runs. At the end of `consume` it is redelivered at once, to any consumer; when the process dies,
   * after the consumer's `ack_wait`.
   */
  hold(): void;
  term(reason: string): void;
}

export interface ConsumeOptions {
  readonly stream: string;
  readonly durable: string;
  /** The limit of deliveries in progress (delivered, not ended). */
  readonly maxInFlight: number;
  /**
   * Called in stream order, without waiting for earlier calls. It must not throw (a throw is a bug: the message is
   * naked with a delay, and the error goes to `onError`).
   */
  readonly onDelivery: (delivery: Delivery) => void | Promise<void>;
  readonly onError: (error: unknown, delivery: Delivery) => void;
  readonly signal: AbortSignal;
}

/** A delivered message without an ack. It cannot be ended from here; it will be redelivered. */
export type UnacknowledgedMessage = Omit<Delivery, 'deliveryCount' | 'ack' | 'nak' | 'working' | 'hold' | 'term'>;

export type PublishResult =
  | { readonly kind: 'stored'; readonly sequence: number; readonly duplicate: boolean }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface WorkQueue {
  /** Stores one message that is no command, to check that the stream accepts writes. Rejects when it is not acknowledged. */
  probe(): Promise<void>;
  /**
   * `Nats-Msg-Id` is `<tenant>.<command id>`, or `<tenant>.<command id>.routed.<round>`. It has the tenant because ids are
   * unique per stream and a command's key is (tenant, id) (P9). Retries with the same id until `signal` aborts.
   */
  publish(target: HostId | 'any', command: WorkCommand, signal?: AbortSignal): Promise<PublishResult>;
  /**
   * Pulls until aborted; resolves when every promise returned by `onDelivery` has settled; rejects when the connection
   * is closed for good.
   */
  consume(options: ConsumeOptions): Promise<void>;
  /**
   * Messages delivered to the durable but not acked (ack floor + 1 .. delivered), in stream order; read before
   * consuming. Some may have been acked out of order: the server only has the floor, the fold has the rest.
   */
  unacknowledged(stream: string, durable: string): Promise<readonly UnacknowledgedMessage[]>;
}
