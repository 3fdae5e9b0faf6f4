import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newVmId } from '@ironlog/schemas';
import { createLogger, createRuntime } from '@ironlog/service-kit';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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
  expect(first.at).toEqual([2, 1, 0]);
  await plane.makeVm(newVmId());
  const second = await built(first.next);
  expect(second.at).toEqual([4, 1, 0]);
});

/** Every row of every table, and how each is made. */
const everythingIn = (file: string): Record<string, unknown> => {
  const db = new Database(file, { readonly: true });
  const schema = db.prepare<[], { type: string; name: string }>('SELECT * FROM sqlite_schema ORDER BY name').all();
  const tables = schema.filter(({ type }) => type === 'table').map(({ name }) => name);
  const rows = tables.map((name) => [
    name,
    // Whatever order they were written in.
    db
      .prepare(`SELECT * FROM ${name}`)
      .all()
      .map((row) => JSON.stringify(row))
      .toSorted(),
  ]);
  db.close();
  return { tables: schema.map(({ type, name }) => `${type} ${name}`), ...Object.fromEntries(rows) };
};

const currentFile = (): string =>
  join(plane.directory, readFileSync(join(plane.directory, 'current-state'), 'utf8').trim());

/** A file that was kept up with every event as it came, across a restart, and given up. */
const keptUp = async (): Promise<Record<string, unknown>> => {
  const ids = Array.from({ length: 12 }, () => newVmId());
  let projector = await plane.startProjector();
  for (const [at, id] of ids.entries()) {
    await plane.liveThrough(id);
    await plane.askForBoot(id);
    if (at % 4 === 0) await plane.poison(id);
    if (at !== 6) continue;
    await projector.service.stop();
    projector = await plane.startProjector();
  }
  await plane.makeVm(newVmId());
  const { events } = await plane.look();
  const reader = plane.reader();
  await vi.waitFor(() => expect(reader.positions().events).toBe(events.info.lastSequence), { timeout: 15_000 });
  await projector.service.stop();
  return everythingIn(currentFile());
};

test('a rebuild from zero gives row for row what was kept up event by event (I6, P7)', async () => {
  const kept = await keptUp();
  const { next } = await built(undefined);
  stopping.abort();
  await next.ended;
  expect(everythingIn(currentFile())).toEqual(kept);
  expect(kept.vms).toHaveLength(13);
  expect(kept.quarantine).toHaveLength(3);
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
