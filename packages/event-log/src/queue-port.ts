// The two command streams as their users see them: publish accepted work, consume with acks one decides oneself.
import type { HostId, WorkCommand } from '@ironlog/schemas';

/** A message in hand. Exactly one of ack, nak, term ends it; `working` buys more time before redelivery. */
export interface Delivery {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  readonly streamSequence: number;
  readonly storedAt: Date;
  readonly deliveryCount: number;
  /** Resolves when the server has taken the ack: after that it is never delivered again. */
  ack(): Promise<void>;
  nak(delayMs: number): void;
  working(): void;
  term(reason: string): void;
}

export interface ConsumeOptions {
  readonly stream: string;
  readonly durable: string;
  /** How many deliveries may be in hand at once. */
  readonly maxInFlight: number;
  /** Called in stream order, without waiting for the one before; it must not throw (a throw is a bug: the message is naked and logged). */
  readonly onDelivery: (delivery: Delivery) => void | Promise<void>;
  readonly signal: AbortSignal;
}

export type PublishResult =
  | { readonly kind: 'stored'; readonly sequence: number; readonly duplicate: boolean }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface WorkQueue {
  /** `Nats-Msg-Id` is the command's id, or `<id>.routed.<round>`. Retries with the same id until `signal` aborts. */
  publish(target: HostId | 'any', command: WorkCommand, signal?: AbortSignal): Promise<PublishResult>;
  /** Pulls until aborted; resolves when the last delivery in hand has been handled. */
  consume(options: ConsumeOptions): Promise<void>;
  /** Messages delivered to the durable but not acked (ack floor + 1 .. delivered), in stream order: read before consuming goes on. */
  unacknowledged(stream: string, durable: string): Promise<readonly Omit<Delivery, 'ack' | 'nak' | 'working' | 'term'>[]>;
}
