// The event log's port: append under expectation, read an aggregate, replay all, follow the tail.
import type { CommandRejected, HostEvent, ImageEvent, ReadEvent, VmEvent } from '@ironlog/schemas';

/** One entry of EVENTS, valid or not; `read` has the event or the reason why it is none. */
export interface Recorded {
  /** The stream's sequence, used as the cursor everywhere. */
  readonly sequence: number;
  readonly subject: string;
  /** The stored bytes: the input of `hash`, kept for audits. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the stored bytes, in hex: the `prevhash` of the VM's next event. */
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
  /** Ends the retries after an unknown outcome. */
  readonly signal?: AbortSignal;
}

/**
 * `committed`: stored once, at `sequence`; `hash` is that of the stored bytes. `conflict`: certainly not stored; other
 * writers appended `entries` after `expected`: fold them and decide again. `unknown`: the signal (or a connection
 * closed for good) ended the retries before the result was known; the same event (same id) may be appended again.
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
  /** Inclusive; the replay ends there. At most `info().lastSequence`: a later sequence is waited for. */
  readonly until: number;
  readonly signal?: AbortSignal;
}

export interface TailOptions {
  /** Exclusive. */
  readonly after: number;
  /** Called in sequence order; its result is awaited before more is pulled beyond the buffer. */
  readonly onBatch: (batch: readonly Recorded[]) => void | Promise<void>;
  readonly signal: AbortSignal;
}

export interface EventLog {
  /** Retries a timed-out publish with the same id until its result is known. */
  append(request: AppendRequest): Promise<AppendResult>;
  /** A rejection touches no VM, so it has no expectation; its id prevents duplicates within the duplicate window. */
  appendRejection(subject: string, event: CommandRejected, signal?: AbortSignal): Promise<AppendResult>;
  /**
   * Every entry over `filter` after `after`, from the stream's leader, in order. Rejects with `LogUnavailableError`
   * when the log cannot be read after a few attempts.
   */
  readSince(filter: string, after: number): Promise<readonly Recorded[]>;
  /** All of EVENTS in order, unfiltered. Ends early, without an error, on abort; throws `LogReplacedError` like `tail`. */
  replay(range: ReplayRange): AsyncIterable<Recorded>;
  /**
   * Follows EVENTS until aborted, across reconnects, without a gap or a repeat. Resolves on abort. Rejects with the
   * error of `onBatch`, with `LogReplacedError` when the log is another or shorter than the handled part (a restored
   * backup), and with the cause when the connection is closed for good.
   */
  tail(options: TailOptions): Promise<void>;
  info(): Promise<LogInfo>;
}
