// A VM's snapshot on disk: read as it was written; a lost, old or damaged one counts as none.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialVm, type Vm } from '@ironlog/domain';
import { hostId, tenantId, vmId, vmSpecSchema } from '@ironlog/schemas';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSnapshot, writeSnapshot } from './snapshot-store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const vm: Vm = {
  ...initialVm(tenantId('acme'), vmId('vm-1')),
  state: 'running',
  owner: hostId('host-1'),
  spec: vmSpecSchema.parse({ kernelArgs: 'quiet' }),
  revision: 4,
  sequence: 9,
  lastHash: 'a'.repeat(64),
};
const file = (): string => join(directory, 'vm.json');

test('it is read as it was written, the last write wins, and only its owner may read it', () => {
  writeSnapshot(directory, { ...vm, state: 'created' });
  writeSnapshot(directory, vm);
  expect(readSnapshot(directory)).toEqual(vm);
  expect(readdirSync(directory)).toEqual(['vm.json']);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test('a missing directory is not made again', () => {
  const gone = join(directory, 'acme', 'vm-1');
  writeSnapshot(gone, vm);
  expect(readdirSync(directory)).toEqual([]);
  expect(readSnapshot(gone)).toBeUndefined();
});

test('an incomplete write after a crash is not read: the one before it is', () => {
  writeSnapshot(directory, vm);
  writeFileSync(join(directory, 'vm.json.new'), '{"version":5,"vm":{"sta');
  expect(readSnapshot(directory)).toEqual(vm);
});

test('one of another version counts as none', () => {
  writeSnapshot(directory, vm);
  writeFileSync(file(), readFileSync(file(), 'utf8').replace('"version":5', '"version":2'));
  expect(readSnapshot(directory)).toBeUndefined();
});

test.each([
  '',
  '{"version":5,"vm":{"state":',
  '\0\0\0\0',
  '{}',
  '[]',
  '7',
  'null',
  '{"version":5,"vm":{}}',
  '{"version":5,"vm":null}',
])('damaged (%j) it is none', (text) => {
  writeFileSync(file(), text);
  expect(readSnapshot(directory)).toBeUndefined();
});

test('one that cannot be read for any reason counts as none: the log has everything', () => {
  mkdirSync(file());
  expect(readSnapshot(directory)).toBeUndefined();
});
