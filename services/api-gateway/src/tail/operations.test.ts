import { commandId } from '@ironlog/schemas';
import { expect, test } from 'vitest';
import {
  asked,
  booted,
  bootStarted,
  CREATE,
  cancelled,
  claimedBy,
  created,
  createStory,
  FOREIGN_HOST,
  OWNER,
  TENANT,
  VM,
} from '../fixtures/story.fixture.ts';
import { createOperationIndex } from './operations.ts';
import { createVmLocations } from './vm-locations.ts';

/** A gateway that has just stored the create, with an empty read model. */
const memory = () => {
  const reads = { operation: () => undefined, vmLocation: () => undefined, aggregate: () => undefined };
  const vmLocation = createVmLocations(reads);
  const operations = createOperationIndex({ reads, vmLocation });
  vmLocation.pending(TENANT, VM, { kind: 'pending', target: OWNER, createId: CREATE });
  operations.follow(asked());
  return {
    follow: operations.follow,
    hear: (entry: Parameters<typeof operations.fold>[0]) => {
      vmLocation.fold(entry);
      operations.fold(entry);
    },
    statusOf: (id = CREATE) => operations.find(TENANT, id)?.status,
  };
};

test("a create runs once its host has claimed the VM, and has succeeded with that host's outcome", () => {
  const story = createStory();
  const { hear, statusOf } = memory();
  hear(story.say(OWNER, claimedBy(OWNER)));
  expect(statusOf()).toBe('running');
  hear(story.say(OWNER, created));
  expect(statusOf()).toBe('succeeded');
});

test.each([
  ['an outcome while no host has claimed the VM', FOREIGN_HOST, created],
  ['a claim in the name of another', FOREIGN_HOST, claimedBy(OWNER)],
  ['a cancellation', FOREIGN_HOST, cancelled],
  ['an outcome, as if it were recovery', 'recovery', created],
  ['an outcome, as if it were the gateway', 'gateway', created],
] as const)('%s by an unauthorised writer is ignored', (_, writer, fact) => {
  const { hear, statusOf } = memory();
  hear(createStory().say(writer, fact));
  expect(statusOf()).toBe('pending');
});

test("a second host's claim and outcome end nothing of the owner", () => {
  const story = createStory();
  const { follow, hear, statusOf } = memory();
  const boot = commandId('cmd-boot');
  hear(story.say(OWNER, claimedBy(OWNER)));
  hear(story.say(FOREIGN_HOST, claimedBy(FOREIGN_HOST)));
  hear(story.say(FOREIGN_HOST, created));
  expect(statusOf()).toBe('running');
  hear(story.say(OWNER, created));
  follow(asked(boot, 'boot'));
  hear(story.say(OWNER, bootStarted, boot));
  hear(story.say(FOREIGN_HOST, booted));
  expect(statusOf(boot)).toBe('running');
});

test('a cancellation counts until the VM is claimed, and not after it', () => {
  const first = memory();
  first.hear(createStory().say('gateway', cancelled, commandId('cmd-delete')));
  expect(first.statusOf()).toBe('failed');
  const second = memory();
  const story = createStory();
  second.hear(story.say(OWNER, claimedBy(OWNER)));
  second.hear(story.say('gateway', cancelled, commandId('cmd-delete')));
  expect(second.statusOf()).toBe('running');
});
