// A bug that is planted in an executor: what it gets wrong, what it lives through, and what the checker must then say.
import type { StandaloneHost } from '../../harness/standalone-hosts.ts';

export interface PlantedBug {
  /** Goes on "an executor that …". */
  readonly name: string;
  /** The problem that must be found, with the number of the broken invariant. */
  readonly found: RegExp;
  /** What both go through, the executor with the bug and the one without. */
  readonly runLifecycle: (host: StandaloneHost, isPlanted: boolean) => Promise<void>;
}
