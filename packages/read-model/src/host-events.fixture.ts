// For tests: what hosts, and recovery of them, say on record.
import {
  eventId,
  type HostFact,
  hostEventSubject,
  hostEventType,
  hostId,
  sourceOf,
  type Writer,
} from '@ironlog/schemas';
import { type TestLog, timeAt } from './lifecycle.fixture.ts';

/** Answers when it was said. */
export const say = (
  log: TestLog,
  name: string,
  { name: fact, data }: HostFact,
  writer: Writer = hostId(name),
): string => {
  const second = log.entries.length + 1;
  const event = {
    specversion: '1.0',
    id: eventId(`evt-${String(second).padStart(26, '0')}`),
    source: sourceOf(writer),
    type: hostEventType(fact),
    subject: name,
    time: timeAt(second),
    datacontenttype: 'application/json',
    actor: writer,
    data,
  };
  log.store(hostEventSubject(hostId(name), writer, fact), new TextEncoder().encode(JSON.stringify(event)));
  return timeAt(second);
};

export const unreachable = (lastHeartbeatAt?: string): HostFact => ({
  name: 'host-unreachable',
  data: { reason: 'no heartbeat for 20 seconds', ...(lastHeartbeatAt && { lastHeartbeatAt }) },
});
