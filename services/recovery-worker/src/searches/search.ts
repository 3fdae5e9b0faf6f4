// What the periodic searches share: the questions they ask, and with what they act on an answer.
import type { Logger, Metrics } from '@ironlog/service-kit';
import type { RecoveryAppendDeps } from '../vms/append-as-recovery.ts';
import type { Reads } from './reads.ts';

export interface ScanDeps extends RecoveryAppendDeps {
  readonly reads: Reads;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
