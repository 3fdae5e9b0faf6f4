// Recovery's queries of the read model. The results may be late: they are candidates, the log decides (P4).
import { openReader, type Reader, ReadModelNotReady } from '@ironlog/read-model';

/** As in the read model. `aggregate` and `operation` return `undefined` without a read model; the searches throw. */
export interface Reads
  extends Pick<
    Reader,
    | 'aggregate'
    | 'operation'
    | 'overdueTasks'
    | 'overdueTenants'
    | 'overdueCommands'
    | 'expiredVms'
    | 'dueRestarts'
    | 'attentionCounts'
    | 'close'
  > {
  /** Sequence of EVENTS that the answers include. */
  position(): number;
}

/** Failures are handled without a read model, too: every load is then from the log, and rejections are unknown. */
const ifReady = <T>(ask: () => T | undefined): T | undefined => {
  try {
    return ask();
  } catch (error) {
    if (error instanceof ReadModelNotReady) return undefined;
    throw error;
  }
};

export const openReads = (directory: string): Reads => {
  const reader = openReader({ directory });
  return {
    position: () => reader.positions().events,
    aggregate: (tenant, id) => ifReady(() => reader.aggregate(tenant, id)),
    operation: (tenant, id) => ifReady(() => reader.operation(tenant, id)),
    overdueTasks: reader.overdueTasks,
    overdueTenants: reader.overdueTenants,
    overdueCommands: reader.overdueCommands,
    expiredVms: reader.expiredVms,
    dueRestarts: reader.dueRestarts,
    attentionCounts: reader.attentionCounts,
    close: reader.close,
  };
};
