// The event log as its users see it: append under expectation, read an aggregate, replay all, follow the tail.
import type { CommandRejected, HostEvent, ReadEvent, VmEvent } from '@ironlog/schemas';

/** One entry of EVENTS, whatever it holds; `read` says whether it is an event. */
export interface Recorded {
  /** The stream's sequence: the cursor everywhere. */
  readonly sequence: number;
  readonly subject: string;
  /** SHA-256 of the stored bytes, in hex: what the next event of the VM carries as `prevhash`. */
  readonly hash: string;
  readonly storedAt: Date;
  /** The publisher's `Nats-Msg-Id`. */
  readonly messageId: string | undefined;
  readonly read: ReadEvent;
}

export interface AppendRequest {
  readonly subject: string;
  readonly event: VmEvent | HostEvent;
  /** The aggregate's one filter (`vmFilter`, `hostFilter`). */
  readonly filter: string;
  /** Last stream sequence over `filter` that the writer has folded; 0: none. */
  readonly expected: number;
  /** Ends the retries of an unknown outcome. */
  readonly signal?: AbortSignal;
}

/**
 * `committed`: stored once, at `sequence`; `hash` is that of the stored bytes.
 * `conflict`: certainly not stored; others have written `entries` after `expected`: fold them and decide again.
 * `unknown`: the signal ended the retries before anyone could say; the same event (same id) may be appended again.
 */
export type AppendResult =
  | { readonly kind: 'committed'; readonly sequence: number; readonly hash: string }
  | { readonly kind: 'conflict'; readonly entries: readonly Recorded[] }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface LogInfo {
  readonly createdAt: Date;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export interface ReplayRange {
  /** Exclusive; 0: from the beginning. */
  readonly after: number;
  /** Inclusive; the replay ends there. */
  readonly until: number;
  readonly signal?: AbortSignal;
}

export interface TailOptions {
  /** Exclusive. */
  readonly after: number;
  /** Called in sequence order; what it returns is awaited before more is pulled beyond the buffer. */
  readonly onBatch: (batch: readonly Recorded[]) => void | Promise<void>;
  readonly signal: AbortSignal;
}

export interface EventLog {
  /** Retries a timed-out publish with the same id until its fate is known (jetstream.md's "own success"). */
  append(request: AppendRequest): Promise<AppendResult>;
  /** A rejection touches no VM, so it has no expectation; its id makes a repeat harmless for the duplicate window. */
  appendRejection(subject: string, event: CommandRejected, signal?: AbortSignal): Promise<AppendResult>;
  /** Every entry over `filter` after `after`, from the stream's leader, in order. */
  readSince(filter: string, after: number): Promise<readonly Recorded[]>;
  /** All of EVENTS in order, unfiltered. */
  replay(range: ReplayRange): AsyncIterable<Recorded>;
  /** Follows EVENTS until aborted; survives reconnects without a gap or a repeat. Resolves on abort. */
  tail(options: TailOptions): Promise<void>;
  info(): Promise<LogInfo>;
}
