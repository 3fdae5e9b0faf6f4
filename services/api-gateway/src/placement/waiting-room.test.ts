import { vmSpecSchema } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import {
  CREATE,
  cancelled,
  claimedBy,
  createStory,
  expired,
  FOREIGN_HOST,
  OWNER,
  TENANT,
} from '../fixtures/story.fixture.ts';
import { createWaitingRoom } from './waiting-room.ts';

const SPEC = vmSpecSchema.parse({});

const full = () => {
  const room = createWaitingRoom(1);
  room.enter(TENANT, CREATE, SPEC);
  expect(room.mayEnter(TENANT)).toContain('1 creates of acme wait');
  return room;
};

test.each([
  ['is claimed', createStory().append(OWNER, claimedBy(OWNER))],
  ['is cancelled', createStory().append('gateway', cancelled)],
  ['expires', createStory().append('recovery', expired)],
  ['is rejected', createStory().reject(OWNER, CREATE)],
])('a create that %s no longer waits, whichever gateway placed it, and never again', (_, entry) => {
  const room = full();
  room.fold(entry);
  expect(room.mayEnter(TENANT)).toBeUndefined();
  expect(room.isOver(TENANT, CREATE)).toBe(true);
  // A delivery, or a publish's ack, that arrives after its outcome.
  room.enter(TENANT, CREATE, SPEC);
  expect(room.find(TENANT, CREATE)).toBeUndefined();
});

test('a placed one may return: its host may decline', () => {
  const room = full();
  room.leave(TENANT, CREATE);
  expect(room.isOver(TENANT, CREATE)).toBe(false);
  room.enter(TENANT, CREATE, SPEC);
  expect(room.find(TENANT, CREATE)).toEqual(SPEC);
});

test('events of others, or by a host for another, end no waiting', () => {
  const room = full();
  const story = createStory();
  room.fold(story.reject(OWNER, 'cmd-other' as typeof CREATE));
  room.fold(story.append(FOREIGN_HOST, claimedBy(OWNER)));
  room.fold(story.append(FOREIGN_HOST, cancelled));
  expect(room.find(TENANT, CREATE)).toEqual(SPEC);
});
