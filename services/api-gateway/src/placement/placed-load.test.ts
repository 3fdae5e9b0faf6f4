import { hostEvent } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import { newEventId, vmSpecSchema } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import { CREATE, claimedBy, createStory, FOREIGN_HOST, OWNER, TENANT, VM } from '../fixtures/story.fixture.ts';
import { createPlacedLoad } from './placed-load.ts';

const SPEC = vmSpecSchema.parse({ cpus: 2, memoryMiB: 64 });
const NEED = { cpus: 2, memoryMiB: 64, processes: 1 };
const NOTHING = { cpus: 0, memoryMiB: 0, processes: 0 };
/** The time of the history's events. */
const DECIDED_AT = '2026-01-01T00:00:00.000Z';
const BEFORE = '2025-12-31T23:59:59.999Z';

const declined = (): Recorded => {
  const data = { tenant: TENANT, vmId: VM, commandId: CREATE, verb: 'create', round: 0, reason: 'full' } as const;
  const event = hostEvent(OWNER, { name: 'declined', data }, { id: newEventId(), time: DECIDED_AT, writer: OWNER });
  const entry = createStory().append(OWNER, claimedBy(OWNER));
  return { ...entry, read: { ok: true, stored: { kind: 'host', writer: OWNER, event } } };
};

const placed = () => {
  const load = createPlacedLoad();
  load.place(OWNER, { tenant: TENANT, vmId: VM }, { spec: SPEC, nowMs: 0 });
  expect(load.of(OWNER)).toEqual(NEED);
  return load;
};

test.each([
  ['claimed', createStory().append(OWNER, claimedBy(OWNER))],
  ['declined', declined()],
  ['rejected', createStory().reject(OWNER, CREATE)],
])('a create that its host has %s counts until a heartbeat sent after that', (_, entry) => {
  const load = placed();
  load.onHeartbeat(OWNER, DECIDED_AT, 1);
  expect(load.of(OWNER)).toEqual(NEED);
  load.fold(entry);
  load.onHeartbeat(OWNER, BEFORE, 2);
  expect(load.of(OWNER)).toEqual(NEED);
  load.onHeartbeat(OWNER, DECIDED_AT, 3);
  expect(load.of(OWNER)).toEqual(NOTHING);
});

test('one that is placed again counts on the other host only, and events by other writers change nothing', () => {
  const load = placed();
  load.fold(createStory().append(FOREIGN_HOST, claimedBy(OWNER)));
  load.onHeartbeat(OWNER, DECIDED_AT, 1);
  expect(load.of(OWNER)).toEqual(NEED);
  load.place(FOREIGN_HOST, { tenant: TENANT, vmId: VM }, { spec: SPEC, nowMs: 2 });
  expect([load.of(OWNER), load.of(FOREIGN_HOST)]).toEqual([NOTHING, NEED]);
});

test('one that its host never decides counts for a minute', () => {
  const load = placed();
  load.onHeartbeat(OWNER, DECIDED_AT, 60_000);
  expect(load.of(OWNER)).toEqual(NEED);
  load.onHeartbeat(OWNER, DECIDED_AT, 60_001);
  expect(load.of(OWNER)).toEqual(NOTHING);
});
