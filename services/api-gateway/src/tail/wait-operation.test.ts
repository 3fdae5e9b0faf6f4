// Waiting for an operation: the event of its outcome ends the wait, and the read model is not read at every event.
import type { OperationState } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import { expect, test, vi } from 'vitest';
import { asked, CREATE, claimedBy, created, createStory, OWNER, TENANT, VM } from '../fixtures/story.fixture.ts';
import { createOperationIndex } from './operations.ts';
import { createVmLocations } from './vm-locations.ts';
import { waitForOperation } from './wait-operation.ts';

/** A gateway that has just stored the create; `rows` is the operation in its read model. */
const world = () => {
  const rows = vi.fn((): OperationState | undefined => undefined);
  const reads = { operation: rows, vmLocation: () => undefined, aggregate: () => undefined };
  const vmLocation = createVmLocations(reads);
  const operations = createOperationIndex({ reads, vmLocation });
  vmLocation.pending(TENANT, VM, { kind: 'pending', target: OWNER, createId: CREATE });
  operations.follow(asked());
  const listeners = new Set<(entry: Recorded) => void>();
  const tail = {
    subscribe: (listener: (entry: Recorded) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    rows,
    wait: (timeoutMs = 10_000) =>
      waitForOperation(
        { tail, operations, vmLocation },
        { tenant: TENANT, id: CREATE, timeoutMs, signal: new AbortController().signal },
      ),
    fold: (entry: Recorded) => {
      vmLocation.fold(entry);
      operations.fold(entry);
      for (const listener of listeners) listener(entry);
    },
  };
};

test('the event of its outcome ends the wait, and an earlier event does not read the read model', async () => {
  const { fold, rows, wait } = world();
  const story = createStory();
  const answer = wait();
  const before = rows.mock.calls.length;
  fold(story.append(OWNER, claimedBy(OWNER)));
  expect(rows.mock.calls.length).toBe(before);
  fold(story.append(OWNER, created));
  expect(await answer).toMatchObject({ id: CREATE, status: 'succeeded' });
});

test('an outcome that this gateway did not receive is found in the read model', async () => {
  const { rows, wait } = world();
  const answer = wait();
  rows.mockReturnValue({ ...asked(), status: 'succeeded', finishedAt: '2026-01-01T00:00:01.000Z', sequence: 2 });
  expect(await answer).toMatchObject({ id: CREATE, status: 'succeeded' });
});

test('without an outcome in time it returns the current operation', async () => {
  expect(await world().wait(1)).toMatchObject({ id: CREATE, status: 'pending' });
});
