// The stream operations of an append: one conditional publish, and reads from its leader. Two adapters: JetStream, memory.
import type { LogInfo, Recorded } from './port.ts';

export interface StoreRequest {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly messageId: string;
  /** Absent for an event of no aggregate. */
  readonly expectation?: { readonly filter: string; readonly lastSequence: number };
}

/**
 * One attempt's answer. `duplicate`: the id is known, at `sequence`. `wrong-last-sequence`: 10071, also a single
 * server's answer to a repeat of a stored message. `busy`: 10164 and similar, not stored, retry unchanged. `unknown`:
 * may be stored; with `closed`, a retry is pointless.
 */
export type StoreAnswer =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'duplicate'; readonly sequence: number }
  | { readonly kind: 'wrong-last-sequence'; readonly cause: Error }
  | { readonly kind: 'busy'; readonly cause: Error }
  | { readonly kind: 'unknown'; readonly closed: boolean; readonly cause: Error };

/** Reads reject when the store does not answer. `store` throws only for a bug (a refused message). */
export interface EventStore {
  store(request: StoreRequest): Promise<StoreAnswer>;
  readSince(filter: string, after: number): Promise<readonly Recorded[]>;
  readAt(sequence: number): Promise<Recorded | undefined>;
  info(): Promise<LogInfo>;
}
