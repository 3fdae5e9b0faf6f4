import { rmSync } from 'node:fs';
import { newVmId } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Generation } from './generation.ts';
import { type Plane, startPlane } from './plane.fixture.ts';
import { rebuild } from './rebuild.ts';

let plane: Plane;
let stopping: AbortController;

beforeEach(async () => {
  plane = await startPlane();
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  await plane.stop();
  rmSync(plane.directory, { recursive: true, force: true });
});

/** The generation once readers have it, and where it was at that moment. */
const built = async (current: Generation | undefined) => {
  const replaced = Promise.withResolvers<{ next: Generation; at: readonly number[] }>();
  rebuild({
    directory: plane.directory,
    kind: 'state',
    streams: await plane.look(),
    runtime: createRuntime('test', { logger: createLogger({ service: 'test', level: 'fatal' }) }),
    fail: () => undefined,
    signal: stopping.signal,
    current,
    onReplaced: (next) => replaced.resolve({ next, at: next.positions() }),
  });
  return replaced.promise;
};

test('readers get a generation when it has what the log held, and what they had: never a lower checkpoint (I7)', async () => {
  const id = newVmId();
  await plane.makeVm(id);
  await plane.askForBoot(id);
  const first = await built(undefined);
  expect(first.at).toEqual([2, 1]);
  await plane.makeVm(newVmId());
  const second = await built(first.next);
  expect(second.at).toEqual([4, 1]);
});

test('what has been replaced is followed no more, and its file is closed', async () => {
  await plane.makeVm(newVmId());
  const first = await built(undefined);
  const second = await built(first.next);
  expect(await first.next.ended).toEqual({ kind: 'stopped' });
  expect(first.next.file.db.open).toBe(false);
  expect(second.next.file.db.open).toBe(true);
  stopping.abort();
  await second.next.ended;
});
