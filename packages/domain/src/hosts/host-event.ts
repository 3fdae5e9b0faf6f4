// From what is said of a host to the event that says it. It has no place in a chain: only a VM's events are numbered.
import {
  type EventId,
  type HostEvent,
  type HostFact,
  type HostId,
  hostEventType,
  sourceOf,
  type Timestamp,
  type Writer,
} from '@ironlog/schemas';

export interface HostEventMeta {
  readonly id: EventId;
  readonly time: Timestamp;
  /** The host itself, or recovery; it is the actor as well, since nobody asks for what happens to a host. */
  readonly writer: Writer;
}

export const hostEvent = (host: HostId, fact: HostFact, { id, time, writer }: HostEventMeta): HostEvent => ({
  specversion: '1.0',
  id,
  source: sourceOf(writer),
  type: hostEventType(fact.name),
  subject: host,
  time,
  datacontenttype: 'application/json',
  actor: writer,
  ...fact,
});
