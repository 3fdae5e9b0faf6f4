// What the event log tells about itself, for metrics and logs of the service that uses it; it logs nothing itself.
import type { AppendResult } from './port.ts';

export type Observation =
  /** An append has ended after `attempts` publishes and `ms` milliseconds. */
  | { readonly kind: 'append'; readonly outcome: AppendResult['kind']; readonly ms: number; readonly attempts: number }
  /** A publish to WORK, or a probe of its store, is acknowledged: the store takes writes. */
  | { readonly kind: 'stored' }
  /** Something is tried again; `attempt` is the one that failed. Publish timeouts turn readiness red. */
  | {
      readonly kind: 'retry';
      readonly operation: 'append' | 'publish' | 'read' | 'ack' | 'follow' | 'consume';
      readonly attempt: number;
      readonly cause: Error;
    }
  /** A durable consumer was looked for, at the start of each subscription; one that is missing is looked for until it is there. */
  | { readonly kind: 'consumer'; readonly stream: string; readonly durable: string; readonly found: boolean }
  /** A sequence is missing in the log itself, confirmed by the stream's leader: someone deleted entries (I12). */
  | { readonly kind: 'hole'; readonly after: number; readonly next: number };

/** Must not throw. */
export type Observe = (observation: Observation) => void;
