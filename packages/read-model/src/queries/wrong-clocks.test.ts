// A wrong clock needs attention from its event on, until the host corrects it, stops or starts again.
import { type HostFact, tenantId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { appendFact } from '../host-events.fixture.ts';
import { testLog } from '../lifecycle.fixture.ts';
import { modelOf } from '../read-model.fixture.ts';

const wrong = (offsetMs: number, refusesVms: boolean): HostFact => ({
  name: 'clock-wrong',
  data: {
    incarnation: 'one',
    offsetMs,
    errorMs: 1,
    refusesVms,
    reason: `is off by ${offsetMs}`,
    actionRequired: 'set it',
  },
});
const corrected: HostFact = { name: 'clock-corrected', data: { incarnation: 'one', offsetMs: 0, errorMs: 1 } };
const stopped: HostFact = { name: 'executor-stopped', data: { incarnation: 'one' } };
const started: HostFact = {
  name: 'executor-started',
  data: {
    incarnation: 'two',
    stateDirectoryId: 'disk',
    hypervisors: ['simulator'],
    capacity: { cpus: 1, memoryMiB: 1, processes: 1 },
  },
};

const attentionAfter = (...facts: HostFact[]) => {
  const log = testLog();
  const times = facts.map((fact) => appendFact(log, 'host-1', fact));
  const model = modelOf(log);
  try {
    const items = (hosts: boolean) => model.reader.attention(tenantId('acme'), { hosts });
    return { times, items: items(true), ofTenant: items(false), counts: model.reader.attentionCounts() };
  } finally {
    model.remove();
  }
};

test('has the host, the action and the start time, and is hidden from roles that may not see hosts', () => {
  const { times, items, ofTenant, counts } = attentionAfter(wrong(3_000, false), wrong(7_200_000, true));
  expect(items).toEqual([
    {
      kind: 'host-clock-wrong',
      since: times[0],
      reason: 'is off by 7200000',
      actionRequired: 'set it',
      tenant: null,
      vmId: null,
      host: 'host-1',
    },
  ]);
  expect(ofTenant).toEqual([]);
  expect(counts).toMatchObject({ host: 1 });
});

test.each([
  ['it is correct again', corrected],
  ['its executor has stopped', stopped],
  ['its executor starts again', started],
])('ends when %s', (_, end) => {
  const { items, counts } = attentionAfter(wrong(7_200_000, true), end);
  expect(items).toEqual([]);
  expect(counts).toMatchObject({ host: 0 });
});
