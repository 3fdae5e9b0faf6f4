import type { HostFact } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { appendFact, unreachable } from '../host-events.fixture.ts';
import { testLog, timeAt } from '../lifecycle.fixture.ts';
import { modelOf } from '../read-model.fixture.ts';

const CAPACITY = { cpus: 4, memoryMiB: 1024, processes: 10 };
const started: HostFact = {
  name: 'executor-started',
  data: { incarnation: 'one', stateDirectoryId: 'disk', hypervisors: ['simulator'], capacity: CAPACITY },
};

test('every host on record is listed, with its last recorded event and when it was last known to live', () => {
  const log = testLog();
  for (const name of ['host-a', 'host-b', 'host-c', 'host-d', 'host-e']) appendFact(log, name, started);
  const stoppedAt = appendFact(log, 'host-b', { name: 'executor-stopped', data: { incarnation: 'one' } });
  const haltedAt = appendFact(log, 'host-c', {
    name: 'executor-halted',
    data: { incarnation: 'one', reason: 'another log', actionRequired: 'put it back' },
  });
  const lostAt = appendFact(log, 'host-d', unreachable(timeAt(3)), 'recovery');
  const neverAt = appendFact(log, 'host-e', unreachable(), 'recovery');
  const model = modelOf(log);
  try {
    const silent = 'no heartbeat for 20 seconds';
    expect(model.reader.hosts()).toEqual([
      { host: 'host-a', status: 'silent', since: timeAt(1), lastSeenAt: null, reason: null },
      { host: 'host-b', status: 'stopped', since: stoppedAt, lastSeenAt: stoppedAt, reason: null },
      { host: 'host-c', status: 'halted', since: haltedAt, lastSeenAt: haltedAt, reason: 'another log' },
      { host: 'host-d', status: 'unreachable', since: lostAt, lastSeenAt: timeAt(3), reason: silent },
      { host: 'host-e', status: 'unreachable', since: neverAt, lastSeenAt: null, reason: silent },
    ]);
  } finally {
    model.remove();
  }
});
