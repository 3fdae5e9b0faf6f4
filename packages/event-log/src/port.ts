// The event log as its users see it: append under expectation, read an aggregate, replay all, follow the tail.
import type { CommandRejected, HostEvent, ImageEvent, ReadEvent, VmEvent } from '@ironlog/schemas';

/** One entry of EVENTS, whatever it holds; `read` says whether it is an event. */
export interface Recorded {
  /** The stream's sequence: the cursor everywhere. */
  readonly sequence: number;
  readonly subject: string;
  /** What is stored, byte for byte: what `hash` is taken over, and what an audit keeps. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the stored bytes, in hex: what the next event of the VM carries as `prevhash`. */
  readonly hash: string;
  readonly storedAt: Date;
  /** The publisher's `Nats-Msg-Id`. */
  readonly messageId: string | undefined;
  readonly read: ReadEvent;
}

export interface AppendRequest {
  readonly subject: string;
  readonly event: VmEvent | HostEvent | ImageEvent;
  /** The aggregate's one filter (`vmFilter`, `hostFilter`, `imageFilter`). */
  readonly filter: string;
  /** Last stream sequence over `filter` that the writer has folded; 0: none. */
  readonly expected: number;
  /** Ends the retries of an unknown outcome. */
  readonly signal?: AbortSignal;
}

/**
 * `committed`: stored once, at `sequence`; `hash` is that of the stored bytes.
 * `conflict`: certainly not stored; others have written `entries` after `expected`: fold them and decide again.
 * `unknown`: the signal (or a connection closed for good) ended the retries before anyone could say; the same event (same id) may be appended again.
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
  /** Inclusive; the replay ends there. At most `info().lastSequence`: what is not written yet is waited for. */
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
  /** Retries a timed-out publish with the same id until its fate is known. */
  append(request: AppendRequest): Promise<AppendResult>;
  /** A rejection touches no VM, so it has no expectation; its id makes a repeat harmless for the duplicate window. */
  appendRejection(subject: string, event: CommandRejected, signal?: AbortSignal): Promise<AppendResult>;
  /**
   * Every entry over `filter` after `after`, from the stream's leader, in order.
   * Rejects with `LogUnavailableError` when the log cannot be read after a few attempts.
   */
  readSince(filter: string, after: number): Promise<readonly Recorded[]>;
  /** All of EVENTS in order, unfiltered. Ends early, without an error, on abort; throws `LogReplacedError` like `tail`. */
  replay(range: ReplayRange): AsyncIterable<Recorded>;
  /**
   * Follows EVENTS until aborted; survives reconnects without a gap or a repeat. Resolves on abort.
   * Rejects with what `onBatch` throws, with `LogReplacedError` when the log is another or shorter than what was
   * handled (a restored backup), and with the cause when the connection is closed for good.
   */
  tail(options: TailOptions): Promise<void>;
  info(): Promise<LogInfo>;
}
