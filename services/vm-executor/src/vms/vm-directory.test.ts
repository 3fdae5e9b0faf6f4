// A VM's folder is removed with our own and its hypervisor's files, and kept whole when it holds anything else.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foreignEntriesIn, removeVmDirectory } from './vm-directory.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  folder = join(root, 'vm-1');
  mkdirSync(folder);
  for (const name of [
    'vm.json',
    'vm.json.new',
    'launch.json',
    'e1.sock',
    'e1.sock.lock',
    'e12.events',
    'e12.console',
    'console.log',
    'console.0-524288.log',
    'console.524288-900000.log.new',
    'hypervisor.log',
  ])
    writeFileSync(join(folder, name), '');
  for (const name of ['core', 'core.4711']) writeFileSync(join(folder, name), '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('with only our own files it is removed, twice, and nothing beside it', () => {
  writeFileSync(join(root, 'beside'), '');
  expect(removeVmDirectory(folder)).toEqual([]);
  expect(removeVmDirectory(folder)).toEqual([]);
  expect(readdirSync(root)).toEqual(['beside']);
});

test.each([
  'notes.txt',
  'e1.sock.bak',
  'e1.sock.lock.1',
  'xe1.sock',
  'console.log.1',
  'console.1.log',
  'corella',
  'VM.json',
])('a file %s is foreign: the whole folder is kept', (name) => {
  writeFileSync(join(folder, name), '');
  const before = readdirSync(folder);
  expect(foreignEntriesIn(folder)).toEqual([name]);
  expect(removeVmDirectory(folder)).toEqual([name]);
  expect(readdirSync(folder)).toEqual(before);
});

test('a folder in it is foreign, whatever its name; the target of a link is not touched', () => {
  mkdirSync(join(root, 'elsewhere'));
  writeFileSync(join(root, 'elsewhere', 'thesis.txt'), '');
  rmSync(join(folder, 'console.log'));
  symlinkSync(join(root, 'elsewhere', 'thesis.txt'), join(folder, 'console.log'));
  rmSync(join(folder, 'vm.json'));
  mkdirSync(join(folder, 'vm.json'));
  expect(removeVmDirectory(folder)).toEqual(['vm.json']);
  rmSync(join(folder, 'vm.json'), { recursive: true });
  expect(removeVmDirectory(folder)).toEqual([]);
  expect(existsSync(join(root, 'elsewhere', 'thesis.txt'))).toBe(true);
});
