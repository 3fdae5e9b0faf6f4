import type { Recorded } from '@ironlog/event-log';
import { ReadModelNotReady, type VmLocation } from '@ironlog/read-model';
import { expect, test } from 'vitest';
import {
  booted,
  bootStarted,
  CREATE,
  claimedBy,
  created,
  createStory,
  expired,
  FOREIGN_HOST,
  OWNER,
  ready,
  type Story,
  TENANT,
  VM,
} from '../fixtures/story.fixture.ts';
import { passedEvents } from './passed-events.ts';
import { createRing } from './ring.ts';
import { createVmLocations } from './vm-locations.ts';
import { waitForVm } from './wait-vm.ts';

/** A manual tail, with a ring that counts every read of an entry. */
const world = (readModel: 'empty' | 'unreadable' = 'empty') => {
  let learnt: VmLocation | undefined;
  const reads = {
    vmLocation: () => learnt,
    aggregate: () => {
      if (readModel === 'unreadable') throw new ReadModelNotReady('not there yet');
      return undefined;
    },
    historyPosition: () => 0,
  };
  const queries = { vmEvents: async () => [] };
  const vmLocation = createVmLocations(reads);
  const ring = createRing(10_000, 0);
  const listeners = new Set<(entry: Recorded) => void>();
  let readCount = 0;
  const counted = (entry: Recorded): Recorded => ({
    ...entry,
    get read() {
      readCount += 1;
      return entry.read;
    },
  });
  const tail = {
    subscribe: (listener: (entry: Recorded) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ring,
  };
  return {
    readCount: () => readCount,
    ask: () => vmLocation.pending(TENANT, VM, { kind: 'pending', target: 'any', createId: CREATE }),
    learn: (where: VmLocation) => {
      learnt = where;
    },
    fold: (entry: Recorded) => {
      vmLocation.fold(entry);
      ring.push(counted(entry));
      for (const notify of listeners) notify(entry);
    },
    wait: (wanted: 'running' | 'created' | 'ready', timeoutMs: number, tellsReady = true) =>
      waitForVm(tail, {
        tenant: TENANT,
        vmId: VM,
        wanted,
        from: { state: 'absent', sequence: 0, isReady: false },
        tellsReady: () => tellsReady,
        currentStateCounts: true,
        timeoutMs,
        signal: new AbortController().signal,
        isAskedFor: () => vmLocation.find(TENANT, VM) !== undefined,
        passed: (after) =>
          passedEvents(
            { reads, queries, tail, vmLocation },
            { tenant: TENANT, vmId: VM, after, signal: new AbortController().signal },
          ),
      }),
  };
};

const ofOthers = (sequence: number): Recorded => ({
  sequence,
  subject: '',
  bytes: new Uint8Array(),
  hash: '',
  storedAt: new Date(0),
  messageId: undefined,
  read: { ok: false, reason: 'a test' },
});

test("a wait checks other VMs' events once, however often it runs", async () => {
  const { ask, fold, readCount, wait } = world();
  ask();
  for (let sequence = 1; sequence <= 5_000; sequence++) fold(ofOthers(sequence));
  expect(await wait('running', 900)).toEqual({ outcome: 'timeout', sequence: 0 });
  expect(readCount()).toBe(5_000);
});

test('it receives each event of the VM, and ends with the state', async () => {
  const { ask, fold, wait } = world();
  ask();
  const story = createStory();
  const waiting = wait('running', 5_000);
  for (const fact of [claimedBy(OWNER), created, bootStarted, booted]) fold(story.append(OWNER, fact));
  expect(await waiting).toEqual({ outcome: 'reached', sequence: 4 });
});

test('a guest that is ready is waited for, and not where its spec does not say how it tells', async () => {
  const { ask, fold, wait } = world();
  ask();
  const story = createStory();
  const waiting = wait('ready', 5_000);
  for (const fact of [claimedBy(OWNER), created, bootStarted, booted, ready]) fold(story.append(OWNER, fact));
  expect(await waiting).toEqual({ outcome: 'reached', sequence: 5 });
  const other = world();
  other.ask();
  expect(await other.wait('ready', 5_000, false)).toMatchObject({ outcome: 'unreachable' });
});

test('what its host said before this gateway knew whose VM it is counts as soon as it knows', async () => {
  const { ask, fold, learn, wait } = world('unreadable');
  ask();
  const story = createStory();
  const waiting = wait('created', 5_000);
  fold(story.append(OWNER, claimedBy(OWNER)));
  fold(story.append(FOREIGN_HOST, booted));
  fold(story.append(OWNER, created));
  learn({ kind: 'owned', host: OWNER });
  expect(await waiting).toEqual({ outcome: 'reached', sequence: 3 });
});

test.each([
  ['is rejected', (story: Story) => story.reject(OWNER, CREATE)],
  ['expires', (story: Story) => story.append('recovery', expired)],
])("the wait ends when the VM's create %s", async (_, end) => {
  const { ask, fold, wait } = world();
  ask();
  const waiting = wait('running', 5_000);
  fold(end(createStory()));
  expect(await waiting).toMatchObject({ outcome: 'unreachable' });
});
