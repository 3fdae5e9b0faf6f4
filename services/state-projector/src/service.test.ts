import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newVmId } from '@ironlog/schemas';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Plane, type RunningProjector, startPlane, TENANT } from './plane.fixture.ts';

const BOUND = { timeout: 15_000 };
let plane: Plane;

beforeEach(async () => {
  plane = await startPlane();
});
afterEach(async () => {
  await plane.stop();
  rmSync(plane.directory, { recursive: true, force: true });
});

const untilReady = ({ health }: RunningProjector): Promise<void> =>
  vi.waitFor(async () => expect(await health.report()).toMatchObject({ ready: true }), BOUND);
const currentState = (): string => readFileSync(join(plane.directory, 'current-state'), 'utf8').trim();

/** The number of rebuilds by kind and reason. */
const rebuilds = async ({ metrics }: RunningProjector): Promise<string[]> =>
  [...(await metrics.text()).matchAll(/rebuilds_total\{(.*)\} (\d+)/g)]
    .map(([, labels = '', count]) => {
      const of = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1];
      return `${of('kind')} ${of('reason')} ${count}`;
    })
    .sort();

test('events and commands become rows; a restart continues from the checkpoint', async () => {
  const [first, second] = [newVmId(), newVmId()];
  await plane.makeVm(first);
  const projector = await plane.startProjector();
  await untilReady(projector);
  const reader = plane.reader();
  expect(reader.vm(TENANT, first)?.state).toBe('created');
  const command = await plane.askForBoot(first);
  await vi.waitFor(() => expect(reader.operation(TENANT, command.id)?.status).toBe('pending'), BOUND);
  await projector.service.stop();
  await plane.makeVm(second);
  await untilReady(await plane.startProjector());
  expect(reader.vms(TENANT, { includeDeleted: false, limit: 10 })?.items.map(({ id }) => id)).toEqual([first, second]);
  expect(reader.vmEvents(TENANT, second, { after: 0, limit: 10 })).toHaveLength(2);
  expect(currentState()).toBe('state.1.db');
  for (const name of readdirSync(plane.directory))
    expect([name, statSync(join(plane.directory, name)).mode & 0o777]).toEqual([name, 0o600]);
});

test('an invalid entry is quarantined and counted, and the entries after it are read', async () => {
  const projector = await plane.startProjector();
  const [poisoned, after] = [newVmId(), newVmId()];
  await plane.poison(poisoned);
  await plane.makeVm(after);
  const reader = plane.reader();
  await vi.waitFor(() => expect(reader.vm(TENANT, after)?.state).toBe('created'), BOUND);
  expect(reader.vm(TENANT, poisoned)).toBeUndefined();
  expect(reader.attention(TENANT, { hosts: true })).toMatchObject([{ kind: 'quarantined' }]);
  expect(await projector.metrics.text()).toMatch(/ironlog_quarantined_total\{stream="EVENTS".*\} 1\n/);
});

test('a message in WORK that is no command is quarantined, counted once, and there again after a rebuild', async () => {
  const projector = await plane.startProjector();
  await untilReady(projector);
  await plane.stray();
  const reader = plane.reader();
  const shown = () => reader.attention(TENANT, { hosts: false }).map(({ kind, tenant }) => [kind, tenant]);
  await vi.waitFor(() => expect(shown()).toEqual([['quarantined', TENANT]]), BOUND);
  writeFileSync(join(plane.directory, 'rebuild-state'), '');
  await vi.waitFor(() => {
    expect(currentState()).toBe('state.2.db');
    expect(shown()).toEqual([['quarantined', TENANT]]);
  }, BOUND);
  expect(await projector.metrics.text()).toMatch(/ironlog_quarantined_total\{stream="WORK".*\} 1\n/);
});

test('on request a file is rebuilt beside the old one, and readers always see every row', async () => {
  const id = newVmId();
  await plane.makeVm(id);
  const projector = await plane.startProjector();
  await untilReady(projector);
  const reader = plane.reader();
  const command = await plane.askForBoot(id);
  await vi.waitFor(() => expect(reader.operation(TENANT, command.id)?.status).toBe('pending'), BOUND);
  const before = reader.positions();
  writeFileSync(join(plane.directory, 'rebuild-state'), '');
  await vi.waitFor(() => {
    expect(reader.vm(TENANT, id)?.state).toBe('created');
    expect(reader.operation(TENANT, command.id)?.status).toBe('pending');
    expect(reader.positions().events).toBeGreaterThanOrEqual(before.events);
    expect(currentState()).toBe('state.2.db');
  }, BOUND);
  expect(existsSync(join(plane.directory, 'rebuild-state'))).toBe(false);
  const later = newVmId();
  await plane.makeVm(later);
  await vi.waitFor(() => expect(reader.vm(TENANT, later)?.state).toBe('created'), BOUND);
  expect(await projector.health.report()).toMatchObject({ ready: true });
  expect(await rebuilds(projector)).toEqual(['history none 1', 'state asked 1', 'state none 1']);
});

test('a damaged file is retracted from its readers and rebuilt from the log', async () => {
  const id = newVmId();
  await plane.makeVm(id);
  const projector = await plane.startProjector();
  await untilReady(projector);
  await projector.service.stop();
  const file = join(plane.directory, 'state.1.db');
  const size = statSync(file).size;
  writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, 100), Buffer.alloc(size - 100, 0xa5)]));
  const again = await plane.startProjector();
  await untilReady(again);
  expect(await rebuilds(again)).toEqual(['state damaged 1']);
  expect(currentState()).toBe('state.2.db');
  expect(plane.reader().vm(TENANT, id)?.state).toBe('created');
  expect(existsSync(file)).toBe(true);
});

/** Of EVENTS, in sequences. */
const stateLag = async ({ metrics }: RunningProjector): Promise<number> =>
  Number(/lag_sequences\{[^}]*projection="state"[^}]*\} (\d+)/.exec(await metrics.text())?.[1]);

test('while another process locks the file it is not ready, reports its lag, and loses nothing', async () => {
  const projector = await plane.startProjector();
  await untilReady(projector);
  expect(await stateLag(projector)).toBe(0);
  const other = new Database(join(plane.directory, 'state.1.db'));
  other.exec('BEGIN IMMEDIATE');
  const id = newVmId();
  await plane.makeVm(id);
  await vi.waitFor(async () => expect(await projector.health.report()).toMatchObject({ ready: false }), BOUND);
  await plane.makeVm(newVmId());
  await vi.waitFor(async () => expect(await stateLag(projector)).toBe(4), BOUND);
  other.exec('ROLLBACK');
  other.close();
  await untilReady(projector);
  await vi.waitFor(async () => expect(await stateLag(projector)).toBe(0), BOUND);
  expect(plane.reader().vm(TENANT, id)?.state).toBe('created');
});

test('another log is not merged into the rows of the first: it halts and reports it', async () => {
  const id = newVmId();
  await plane.makeVm(id);
  await untilReady(await plane.startProjector());
  await plane.stop();
  plane = await startPlane(plane.directory);
  await plane.makeVm(newVmId());
  const { health } = await plane.startProjector();
  await vi.waitFor(
    async () =>
      expect((await health.report()).checks.state).toEqual({
        ok: false,
        reason: expect.stringContaining('created at'),
      }),
    BOUND,
  );
  expect(
    plane
      .reader()
      .vms(TENANT, { includeDeleted: true, limit: 10 })
      ?.items.map((vm) => vm.id),
  ).toEqual([id]);
});
