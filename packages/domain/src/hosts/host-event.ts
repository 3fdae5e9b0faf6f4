// Builds a host's event. Host events have no revision and no previous hash; only a VM's events do.
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
  /** The host itself, or recovery. It is also the actor, because host events have no requester. */
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
