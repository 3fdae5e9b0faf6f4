// The message id of a command on WORK.
import type { WorkCommand } from './commands.ts';

/** Message ids are deduplicated per stream, hence the tenant. A routed copy has another id, else it would be dropped as a duplicate. */
export const workMessageId = ({ tenant, id, data }: WorkCommand): string =>
  data.round === 0 ? `${tenant}.${id}` : `${tenant}.${id}.routed.${data.round}`;
