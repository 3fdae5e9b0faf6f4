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
    fold: (entry: Parameters<typeof operations.fold>[0]) => {
      vmLocation.fold(entry);
      operations.fold(entry);
    },
    statusOf: (id = CREATE) => operations.find(TENANT, id)?.status,
  };
};

test("a create runs once its host has claimed the VM, and has succeeded with that host's outcome", () => {
  const story = createStory();
  const { fold, statusOf } = memory();
  fold(story.append(OWNER, claimedBy(OWNER)));
  expect(statusOf()).toBe('running');
  fold(story.append(OWNER, created));
  expect(statusOf()).toBe('succeeded');
});

test.each([
  ['an outcome while no host has claimed the VM', FOREIGN_HOST, created],
  ['a claim in the name of another', FOREIGN_HOST, claimedBy(OWNER)],
  ['a cancellation', FOREIGN_HOST, cancelled],
  ['an outcome, as if it were recovery', 'recovery', created],
  ['an outcome, as if it were the gateway', 'gateway', created],
] as const)('%s by an unauthorised writer is ignored', (_, writer, fact) => {
  const { fold, statusOf } = memory();
  fold(createStory().append(writer, fact));
  expect(statusOf()).toBe('pending');
});

test("a second host's claim and outcome end nothing of the owner", () => {
  const story = createStory();
  const { follow, fold, statusOf } = memory();
  const boot = commandId('cmd-boot');
  fold(story.append(OWNER, claimedBy(OWNER)));
  fold(story.append(FOREIGN_HOST, claimedBy(FOREIGN_HOST)));
  fold(story.append(FOREIGN_HOST, created));
  expect(statusOf()).toBe('running');
  fold(story.append(OWNER, created));
  follow(asked(boot, 'boot'));
  fold(story.append(OWNER, bootStarted, boot));
  fold(story.append(FOREIGN_HOST, booted));
  expect(statusOf(boot)).toBe('running');
});

test('a cancellation counts until the VM is claimed, and not after it', () => {
  const first = memory();
  first.fold(createStory().append('gateway', cancelled, commandId('cmd-delete')));
  expect(first.statusOf()).toBe('failed');
  const second = memory();
  const story = createStory();
  second.fold(story.append(OWNER, claimedBy(OWNER)));
  second.fold(story.append('gateway', cancelled, commandId('cmd-delete')));
  expect(second.statusOf()).toBe('running');
});
