// The projector's spans in a request's trace: one for each of its events that has become a row.
import type { Recorded } from '@ironlog/event-log';
import type { StoredEvent } from '@ironlog/schemas';
import { type CommandIds, withProcessSpan } from '@ironlog/service-kit';

const commandOf = ({ causationid, correlationid }: StoredEvent['event']): CommandIds | undefined =>
  causationid === undefined ? undefined : { commandId: causationid, operationId: correlationid ?? causationid };

/** Only for events after `live`, a stream sequence: earlier ones belong to requests that were answered long ago. */
export const traceBatch = async (projection: string, batch: readonly Recorded[], live: number): Promise<void> => {
  for (const entry of batch) {
    if (entry.sequence <= live) continue;
    const { read, sequence, subject } = entry;
    if (!read.ok || read.stored.event.traceparent === undefined) continue;
    const { event } = read.stored;
    await withProcessSpan(
      { subject, id: event.id },
      {
        parent: event.traceparent,
        command: commandOf(event),
        attributes: { projection, sequence, 'cloudevents.event_type': event.type },
      },
      () => undefined,
    );
  }
};
