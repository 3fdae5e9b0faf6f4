// For tests: events by hosts and by recovery about them.
import { hostEvent } from '@ironlog/domain';
import { encodeEvent, eventId, type HostFact, hostEventSubject, hostId, type Writer } from '@ironlog/schemas';
import { type TestLog, timeAt } from './lifecycle.fixture.ts';

/** Returns the event's time. */
export const appendFact = (log: TestLog, name: string, fact: HostFact, writer: Writer = hostId(name)): string => {
  const second = log.entries.length + 1;
  const event = hostEvent(hostId(name), fact, {
    id: eventId(`evt-${String(second).padStart(26, '0')}`),
    time: timeAt(second),
    writer,
  });
  log.store(hostEventSubject(hostId(name), writer, fact.name), encodeEvent(event));
  return timeAt(second);
};

export const unreachable = (lastHeartbeatAt?: string): HostFact => ({
  name: 'host-unreachable',
  data: { reason: 'no heartbeat for 20 seconds', ...(lastHeartbeatAt && { lastHeartbeatAt }) },
});
