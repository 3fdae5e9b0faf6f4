// The projector's part in a request's trace: one span for each event of it that has become a row.
import type { Recorded } from '@ironlog/event-log';
import { withSpan } from '@ironlog/service-kit';

const traceparentOf = ({ read }: Recorded): string | undefined =>
  read.ok && 'traceparent' in read.stored.event ? read.stored.event.traceparent : undefined;

/** Only of what came after `live`, a stream sequence: what was caught up with belongs to requests long answered. */
export const traceBatch = async (projection: string, batch: readonly Recorded[], live: number): Promise<void> => {
  for (const entry of batch) {
    if (entry.sequence <= live) continue;
    const parent = traceparentOf(entry);
    if (parent === undefined) continue;
    const attributes = { 'ironlog.projection': projection, 'ironlog.sequence': entry.sequence };
    await withSpan('project', { kind: 'consumer', parent, attributes }, () => undefined);
  }
};
