// The event log's observations, for the metrics and logs of its service; the event log itself logs nothing.
import type { AppendResult } from './port.ts';

export type Observation =
  /** An append ended after `attempts` publishes and `ms` milliseconds. */
  | { readonly kind: 'append'; readonly outcome: AppendResult['kind']; readonly ms: number; readonly attempts: number }
  /** A publish to WORK, or a probe, is acknowledged: the stream accepts writes. */
  | { readonly kind: 'stored' }
  /** A retry; `attempt` is the failed one. Publish timeouts turn readiness red. */
  | {
      readonly kind: 'retry';
      readonly operation: 'append' | 'publish' | 'read' | 'ack' | 'follow' | 'consume';
      readonly attempt: number;
      readonly cause: Error;
    }
  /** Whether a durable consumer exists, checked at the start of each subscription; a missing one is checked until it exists. */
  | { readonly kind: 'consumer'; readonly stream: string; readonly durable: string; readonly found: boolean }
  /** A sequence is missing in the log itself, confirmed by the leader: entries were deleted (I12). */
  | { readonly kind: 'hole'; readonly after: number; readonly next: number };

/** Must not throw. */
export type Observe = (observation: Observation) => void;
