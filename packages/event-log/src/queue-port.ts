// The two command streams as their users see them: publish accepted work, consume with acks one decides oneself.
import type { HostId, WorkCommand } from '@ironlog/schemas';

/**
 * A message in hand. Exactly one of ack, nak, term ends it; `working` buys more time before redelivery.
 * While it is in hand, redelivered copies of it are dropped: the handler sees it once until it has ended.
 */
export interface Delivery {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  readonly streamSequence: number;
  readonly storedAt: Date;
  readonly deliveryCount: number;
  /**
   * Resolves when the server has taken the ack; repeats it until then. Not as durable as an append: a single server
   * writes consumer state after the fact, whatever `sync_interval` says, and a SIGKILL forgets the last acks (measured,
   * 2.15.1: 3 of 5 runs). So what was acked may be delivered again, rarely, and must be harmless (P6).
   * Rejects only when the connection is closed for good.
   */
  ack(): Promise<void>;
  nak(delayMs: number): void;
  working(): void;
  /**
   * Keeps it in hand for as long as it takes: it counts against `maxInFlight` no more, and is kept from redelivery for as
   * long as the consumer runs. At the end of `consume` what is held is delivered again at once, to whoever consumes then;
   * when the process dies, after the consumer's `ack_wait`.
   */
  hold(): void;
  term(reason: string): void;
}

export interface ConsumeOptions {
  readonly stream: string;
  readonly durable: string;
  /** How many deliveries may be in hand (delivered, not ended) at once. */
  readonly maxInFlight: number;
  /** Called in stream order, without waiting for the one before; it must not throw (a throw is a bug: the message is naked with a delay and the error goes to `onError`). */
  readonly onDelivery: (delivery: Delivery) => void | Promise<void>;
  readonly onError: (error: unknown, delivery: Delivery) => void;
  readonly signal: AbortSignal;
}

/** A message that was delivered and has not been acked; it cannot be ended from here, redelivery brings it again. */
export type UnacknowledgedMessage = Omit<Delivery, 'deliveryCount' | 'ack' | 'nak' | 'working' | 'hold' | 'term'>;

export type PublishResult =
  | { readonly kind: 'stored'; readonly sequence: number; readonly duplicate: boolean }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface WorkQueue {
  /** Stores one message that is no command, to learn whether the stream takes writes. Rejects when it is not acknowledged. */
  probe(): Promise<void>;
  /**
   * `Nats-Msg-Id` is `<tenant>.<command id>`, or `<tenant>.<command id>.routed.<round>`: with the tenant in it, since
   * ids are one space per stream and a command's key is (tenant, id) (P9). Retries with the same id until `signal` aborts.
   */
  publish(target: HostId | 'any', command: WorkCommand, signal?: AbortSignal): Promise<PublishResult>;
  /** Pulls until aborted; resolves when every promise that `onDelivery` returned has settled; rejects when the connection is closed for good. */
  consume(options: ConsumeOptions): Promise<void>;
  /**
   * Messages delivered to the durable but not acked (ack floor + 1 .. delivered), in stream order: read before consuming
   * goes on. Some of them may have been acked out of order: the server only tells the floor, the fold tells the rest.
   */
  unacknowledged(stream: string, durable: string): Promise<readonly UnacknowledgedMessage[]>;
}
