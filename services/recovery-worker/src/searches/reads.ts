// What recovery asks of the read model. Its answers may be late: they suggest where to look, the log decides (P4).
import { openReader, type Reader, ReadModelNotReady } from '@ironlog/read-model';

/** As in the read model; `aggregate` and `operation` answer `undefined` while there is none, the searches throw. */
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

/** A failure is worked without a read model too: then every load is from the log, and rejections are not seen yet. */
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
