import type { Vm } from '@ironlog/domain';
import { ReadModelNotReady, type VmLocation } from '@ironlog/read-model';
import { expect, test } from 'vitest';
import {
  booted,
  CREATE,
  cancelled,
  claimedBy,
  created,
  createStory,
  expired,
  FOREIGN_HOST,
  OWNER,
  TENANT,
  VM,
} from '../fixtures/story.fixture.ts';
import { createVmLocations } from './vm-locations.ts';

const pending: VmLocation = { kind: 'pending', target: OWNER, createId: CREATE };
const owned: VmLocation = { kind: 'owned', host: OWNER };

/** Memory over a read model with `vm`, or an empty one. */
const index = (vm?: Vm) => {
  const vmLocation = createVmLocations({
    vmLocation: () => (vm?.owner ? { kind: 'owned', host: vm.owner } : undefined),
    aggregate: () => vm,
  });
  return { ...vmLocation, now: () => vmLocation.remembered(TENANT, VM) };
};

test('a claim makes the owner, and a later claim by another changes nothing', () => {
  const story = createStory();
  const { fold, now } = index();
  fold(story.append(OWNER, claimedBy(OWNER)));
  fold(story.append(FOREIGN_HOST, claimedBy(FOREIGN_HOST)));
  expect(now()).toEqual(owned);
});

test('a second claim is also ignored when only the read model has the first', () => {
  const story = createStory();
  story.append(OWNER, claimedBy(OWNER));
  const { fold, now } = index(story.vm());
  // By an unauthorised writer: the VM's first event, as in an empty log.
  fold(createStory(7).append(FOREIGN_HOST, claimedBy(FOREIGN_HOST)));
  expect(now()).toEqual(owned);
});

test('a claim for another host, and one with a wrong revision, are ignored', () => {
  const story = createStory();
  const { fold, now, pending: ask } = index();
  ask(TENANT, VM, pending as Extract<VmLocation, { kind: 'pending' }>);
  fold(story.append(FOREIGN_HOST, claimedBy(OWNER)));
  const ahead = createStory(1);
  ahead.append(OWNER, claimedBy(OWNER));
  fold(ahead.append(FOREIGN_HOST, claimedBy(FOREIGN_HOST)));
  expect(now()).toEqual(pending);
});

test('a claim after a command that expired before it counts', () => {
  const before = createStory();
  before.append('recovery', expired);
  const { fold, now } = index(before.vm());
  fold(before.append(OWNER, claimedBy(OWNER)));
  expect(now()).toEqual(owned);
});

test('a cancelled VM cannot be claimed, and a claimed one cannot be cancelled', () => {
  const story = createStory();
  const first = index();
  first.fold(story.append('gateway', cancelled));
  first.fold(createStory(1).append(FOREIGN_HOST, claimedBy(FOREIGN_HOST)));
  expect(first.now()).toEqual({ kind: 'cancelled' });
  const second = index();
  second.fold(createStory().append(OWNER, claimedBy(OWNER)));
  second.fold(createStory(1).append('gateway', cancelled));
  expect(second.now()).toEqual(owned);
});

test('without a read model for the earlier events, a claim is not accepted yet', () => {
  const { fold, remembered } = createVmLocations({
    vmLocation: () => undefined,
    aggregate: () => {
      throw new ReadModelNotReady('not there yet');
    },
  });
  fold(createStory().append(FOREIGN_HOST, claimedBy(FOREIGN_HOST)));
  expect(remembered(TENANT, VM)).toBeUndefined();
});

test('an expired create frees the id, an expiry by an unauthorised writer does not', () => {
  const { fold, now, pending: ask } = index();
  ask(TENANT, VM, pending as Extract<VmLocation, { kind: 'pending' }>);
  const story = createStory();
  fold(story.append('gateway', expired));
  fold(story.append(OWNER, created));
  fold(story.append(OWNER, booted));
  expect(now()).toEqual(pending);
  fold(story.append('recovery', expired));
  expect(now()).toBeUndefined();
});
