// The watch for lost VMs: they are reconciled concurrently, and a failing one delays no other.
import { createMemoryEventLog } from '@ironlog/event-log';
import { newVmId, type VmFact, type VmId } from '@ironlog/schemas';
import { afterEach, expect, test, vi } from 'vitest';
import { BOUND, claim, HOST, testHost } from '../host.fixture.ts';
import { LostWatch } from './lost-watch.ts';

const host = testHost();
const LOST: VmFact = { name: 'lost', data: { host: HOST, reason: 'silent' } };
let watch: LostWatch | undefined;
afterEach(async () => {
  await watch?.stop();
  watch = undefined;
});

const lose = async (count: number): Promise<VmId[]> => {
  const ids = Array.from({ length: count }, () => newVmId());
  for (const id of ids) {
    await host.append(id, HOST, claim(HOST, false), { name: 'created', data: { epoch: 0 } });
    await host.append(id, 'recovery', LOST);
  }
  return ids;
};
const watchWith = (reconcile: (id: VmId) => Promise<boolean>, onError = (_error: unknown): void => undefined) => {
  const { signal } = new AbortController();
  const log = createMemoryEventLog({ stream: host.stream });
  const deps = { host: { host: HOST, log, signal }, onError, everyMs: 5 };
  watch = new LostWatch({ ...deps, reconcile: ({ vmId }) => reconcile(vmId) }, 0);
};

test('all are reconciled at once, so that one search of /proc serves them all', async () => {
  const ids = await lose(20);
  const asked = new Set<VmId>();
  const all = Promise.withResolvers<void>();
  watchWith(async (id) => {
    asked.add(id);
    if (asked.size === ids.length) all.resolve();
    await all.promise;
    return true;
  });
  await vi.waitFor(() => expect(asked.size).toBe(ids.length), BOUND);
});

test('a failure is reported and retried; the others are reconciled once', async () => {
  const [bad, ...good] = await lose(3);
  const asked: VmId[] = [];
  const errors: unknown[] = [];
  watchWith(
    async (id) => {
      asked.push(id);
      if (id === bad) throw new Error('no answer');
      return true;
    },
    (error) => errors.push(error),
  );
  await vi.waitFor(() => expect(asked.filter((id) => id === bad).length).toBeGreaterThan(2), BOUND);
  expect(asked.filter((id) => id !== bad)).toEqual(good);
  expect(errors[0]).toMatchObject({ message: 'no answer' });
});
