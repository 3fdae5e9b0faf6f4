// What an append needs of the stream underneath: one conditional publish and reads from its leader. Two adapters: JetStream, memory.
import type { LogInfo, Recorded } from './port.ts';

export interface StoreRequest {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly messageId: string;
  /** Absent for what touches no aggregate. */
  readonly expectation?: { readonly filter: string; readonly lastSequence: number };
}

/**
 * One attempt's answer. `duplicate`: the id is known, `sequence` is where. `wrong-last-sequence`: 10071, which a single
 * server also says to a repeat of what it has stored. `busy`: 10164 and its kin, not stored, ask again unchanged.
 * `unknown`: stored or not; `closed`: asking again is pointless.
 */
export type StoreAnswer =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'duplicate'; readonly sequence: number }
  | { readonly kind: 'wrong-last-sequence'; readonly cause: Error }
  | { readonly kind: 'busy'; readonly cause: Error }
  | { readonly kind: 'unknown'; readonly closed: boolean; readonly cause: Error };

/** Reads reject when the store cannot answer; `store` throws only on what is a bug (a refused message). */
export interface EventStore {
  store(request: StoreRequest): Promise<StoreAnswer>;
  readSince(filter: string, after: number): Promise<readonly Recorded[]>;
  readAt(sequence: number): Promise<Recorded | undefined>;
  info(): Promise<LogInfo>;
}
