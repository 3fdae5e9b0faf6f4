// A bug planted in an executor: its effect, its lifecycle, and the problem that the checker must find.
import type { StandaloneHost } from '../../harness/standalone-hosts.ts';

export interface PlantedBug {
  /** Completes "an executor that …". */
  readonly name: string;
  /** The problem that must be found, with the number of the broken invariant. */
  readonly found: RegExp;
  /** The lifecycle of both executors, with and without the bug. */
  readonly runLifecycle: (host: StandaloneHost, isPlanted: boolean) => Promise<void>;
}
