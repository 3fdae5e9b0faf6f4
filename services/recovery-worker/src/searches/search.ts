// What the periodic searches share: their queries, and their means to act on a result.
import type { Logger, Metrics } from '@ironlog/service-kit';
import type { RecoveryAppendDeps } from '../vms/append-as-recovery.ts';
import type { Reads } from './reads.ts';

export interface ScanDeps extends RecoveryAppendDeps {
  readonly reads: Reads;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
