import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newVmId } from '@ironlog/schemas';
import { createLogger, createMetrics, createRuntime, delay, type Metrics } from '@ironlog/service-kit';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Plane, startPlane } from '../plane.fixture.ts';
import type { FollowerEnd } from '../streams/follower.ts';
import type { Generation } from './generation.ts';
import { type RebuildOptions, rebuild } from './rebuild.ts';

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

interface Building {
  readonly metrics?: Metrics;
  readonly fail?: RebuildOptions['fail'];
}

/** A generation under construction; `built`: when readers have it, with its positions at that time. */
const start = async (current: Generation | undefined, { metrics, fail = () => undefined }: Building = {}) => {
  const replaced = Promise.withResolvers<{ next: Generation; at: readonly number[] }>();
  const building = rebuild({
    directory: plane.directory,
    kind: 'state',
    streams: await plane.readStreams(),
    runtime: createRuntime('test', {
      logger: createLogger({ service: 'test', level: 'fatal' }),
      ...(metrics && { metrics }),
    }),
    fail,
    current,
    onReplaced: (next) => replaced.resolve({ next, at: next.positions() }),
    signal: stopping.signal,
  });
  return { building, built: replaced.promise };
};
const built = async (current: Generation | undefined) => (await start(current)).built;

test("readers get a generation when it includes the log's end at its start and their own position: never a lower checkpoint (I7)", async () => {
  const id = newVmId();
  await plane.makeVm(id);
  await plane.askForBoot(id);
  const first = await built(undefined);
  expect(first.at).toEqual([2, 1, 0]);
  await plane.makeVm(newVmId());
  const second = await built(first.next);
  expect(second.at).toEqual([4, 1, 0]);
});

/** Every row of every table, and each table's definition. */
const everythingIn = (file: string): Record<string, unknown> => {
  const db = new Database(file, { readonly: true });
  const schema = db.prepare<[], { type: string; name: string }>('SELECT * FROM sqlite_schema ORDER BY name').all();
  // Not FTS5's own tables: the terms that they hold are told by another, in whatever pieces they were written.
  const own =
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite_%'";
  const tables = db.prepare<[], string>(own).pluck().all();
  const rows = tables.map((name) => [
    name,
    // Independent of the order of writes.
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

/** A file that was updated event by event, across a restart, and closed. */
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
  const { events } = await plane.readStreams();
  const reader = plane.reader();
  await vi.waitFor(() => expect(reader.positions().events).toBe(events.info.lastSequence), { timeout: 15_000 });
  await projector.service.stop();
  return everythingIn(currentFile());
};

test('a rebuild from zero gives the same rows as event-by-event updates (I6, P7)', async () => {
  const kept = await keptUp();
  const { next } = await built(undefined);
  stopping.abort();
  await next.ended;
  expect(everythingIn(currentFile())).toEqual(kept);
  expect(kept.vms).toHaveLength(13);
  expect(kept.quarantine).toHaveLength(3);
});

test('a replaced generation is no longer followed, and its file is closed', async () => {
  await plane.makeVm(newVmId());
  const first = await built(undefined);
  const second = await built(first.next);
  expect(await first.next.ended).toEqual({ kind: 'stopped' });
  expect(first.next.file.db.open).toBe(false);
  expect(second.next.file.db.open).toBe(true);
  stopping.abort();
  await second.next.ended;
});

test('a generation that cannot be published is published as soon as possible, its events counted once', async () => {
  const pointer = join(plane.directory, 'current-state');
  await plane.makeVm(newVmId());
  mkdirSync(`${pointer}.new`, { recursive: true });
  const metrics = createMetrics({ service: 'test' });
  const { building, built } = await start(undefined, { metrics });
  let ended: FollowerEnd | undefined;
  void building.ended.then((end) => {
    ended = end;
  });
  const applied = async () => /applied_total\{[^}]*"state"[^}]*\} (\d+)/.exec(await metrics.text())?.[1];
  await vi.waitFor(async () => expect(await applied()).toBe('2'));
  await delay(500);
  expect([existsSync(pointer), ended]).toEqual([false, undefined]);
  rmdirSync(`${pointer}.new`);
  await built;
  expect(currentFile()).toBe(building.file.path);
  expect(await applied()).toBe('2');
});

test('an interrupted rebuild leaves nothing behind after the next one', async () => {
  await plane.makeVm(newVmId());
  const first = await built(undefined);
  // Ahead of the new one, so that it is not published.
  const ahead = { ...first.next, positions: () => [1000, 0, 0] };
  const { building } = await start(ahead);
  building.stop();
  await building.ended;
  expect(existsSync(building.file.path)).toBe(true);
  const { next } = await built(first.next);
  // Its name may be reused: no reader has opened it.
  expect(next.file.path).toBe(building.file.path);
  const left = readdirSync(plane.directory).filter((name) => /^state.*\.db$/.test(name));
  expect(left.map((name) => join(plane.directory, name)).toSorted()).toEqual([first.next.file.path, next.file.path]);
});

test.each(['before-commit', 'after-commit', 'before-swap'] as const)(
  'an interrupted rebuild (%s) is never read, and the next one begins from zero',
  async (at) => {
    const id = newVmId();
    await plane.liveThrough(id);
    const fail: RebuildOptions['fail'] = (point) => {
      if (point === at) throw new Error('the process ends here');
    };
    const { building } = await start(undefined, { fail });
    await expect(building.ended).rejects.toThrow('the process ends here');
    expect(existsSync(join(plane.directory, 'current-state'))).toBe(false);
    const { next } = await built(undefined);
    stopping.abort();
    await next.ended;
    expect(everythingIn(currentFile()).vms).toHaveLength(1);
  },
);

test('a published file is complete, and readable beside the writer', async () => {
  await plane.liveThrough(newVmId());
  const { next } = await built(undefined);
  const db = new Database(currentFile(), { readonly: true });
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  db.close();
  // A commit of the file in use does not wait for the disk; moving a checkpoint into the file does.
  expect(next.file.db.pragma('synchronous', { simple: true })).toBe(1);
});
