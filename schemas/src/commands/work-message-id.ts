// The message id of a command on WORK.
import type { WorkCommand } from './commands.ts';

/** Ids are one space per stream, hence the tenant. A routed copy has an id of its own, else it would be dropped as a repeat. */
export const workMessageId = ({ tenant, id, data }: WorkCommand): string =>
  data.round === 0 ? `${tenant}.${id}` : `${tenant}.${id}.routed.${data.round}`;
