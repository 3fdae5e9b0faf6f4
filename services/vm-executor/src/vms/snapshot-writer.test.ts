// Snapshots are written with a delay, the last state only; a failed write is reported and stops nothing.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialVm, type Vm } from '@ironlog/domain';
import { tenantId, vmId } from '@ironlog/schemas';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readSnapshot } from './snapshot-store.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

let root: string;
let failures: string[];
let writer: SnapshotWriter;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  failures = [];
  writer = new SnapshotWriter((_, directory) => void failures.push(directory));
});
afterEach(() => {
  writer.flush();
  rmSync(root, { recursive: true, force: true });
});

const directoryOf = (name: string): string => {
  const directory = join(root, name);
  mkdirSync(directory);
  return directory;
};
const at = (sequence: number): Vm => ({ ...initialVm(tenantId('acme'), vmId('vm-1')), sequence });

test('a change is on disk after a delay, and not at once', async () => {
  const directory = directoryOf('vm-1');
  writer.changed(directory, at(1));
  writer.changed(directory, at(2));
  expect(readSnapshot(directory)).toBeUndefined();
  await vi.waitFor(() => expect(readSnapshot(directory)?.sequence).toBe(2), { timeout: 15_000 });
  writer.changed(directory, at(3));
  await vi.waitFor(() => expect(readSnapshot(directory)?.sequence).toBe(3), { timeout: 15_000 });
});

test('a flush writes everything at once, once', () => {
  const [one, two] = [directoryOf('vm-1'), directoryOf('vm-2')];
  writer.changed(one, at(1));
  writer.changed(two, at(2));
  writer.flush();
  expect([readSnapshot(one)?.sequence, readSnapshot(two)?.sequence]).toEqual([1, 2]);
  rmSync(join(one, 'vm.json'));
  writer.flush();
  expect(readSnapshot(one)).toBeUndefined();
});

test('nothing is written for a VM whose directory is removed, and no directory is made', () => {
  const [dropped, gone] = [directoryOf('vm-1'), directoryOf('vm-2')];
  writer.changed(dropped, at(1));
  writer.drop(dropped);
  writer.changed(gone, at(2));
  rmSync(gone, { recursive: true });
  writer.flush();
  expect(readSnapshot(dropped)).toBeUndefined();
  expect(existsSync(gone)).toBe(false);
  expect(failures).toEqual([]);
});

test('a failed write is reported, and the others are written', () => {
  const [broken, integer] = [directoryOf('vm-1'), directoryOf('vm-2')];
  // A directory in the file's place fails for root, too, whom file modes do not stop.
  mkdirSync(join(broken, 'vm.json.new'));
  writer.changed(broken, at(1));
  writer.changed(integer, at(2));
  writer.flush();
  expect(failures).toEqual([broken]);
  expect(readSnapshot(integer)?.sequence).toBe(2);
});
