// Where a hypervisor's program is found, and the error when it is missing, does not run or is too old.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProgram, type RealHypervisor } from './programs.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A program that only prints its version. */
const program = (folder: string, name: string, says: string): string => {
  mkdirSync(join(root, folder), { recursive: true });
  const path = join(root, folder, name);
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && ${says}\n`, { mode: 0o700 });
  return path;
};
const find = (kind: RealHypervisor, env: Record<string, string>, ...folders: string[]) =>
  findProgram(kind, env, folders.map((folder) => join(root, folder)).join(':'));

test.each([
  ['cloud-hypervisor', 'cloud-hypervisor', 'IRONLOG_CLOUD_HYPERVISOR', 'echo cloud-hypervisor v53.0.0', '53.0.0'],
  ['firecracker', 'firecracker', 'IRONLOG_FIRECRACKER', 'echo Firecracker v1.16.1', '1.16.1'],
  ['firecracker', 'firecracker', 'IRONLOG_FIRECRACKER', 'echo Firecracker v1.17.0-dev', '1.17.0-dev'],
  ['qemu', 'qemu-system-x86_64', 'IRONLOG_QEMU', 'echo "QEMU emulator version 7.2.22 (Debian)"', '7.2.22'],
] as const)('%s: the variable names it, else PATH', async (kind, name, variable, says, version) => {
  const first = program('first', name, says);
  const second = program('second', name, says);
  mkdirSync(join(root, 'empty'));
  expect(await find(kind, {}, 'empty', 'first', 'second')).toEqual({
    kind: 'found',
    variable,
    program: first,
    version,
  });
  expect(await find(kind, { [variable]: second }, 'first')).toEqual({
    kind: 'found',
    variable,
    program: second,
    version,
  });
});

test('one that is not there is told with its variable, the version that is wanted and where it is published', async () => {
  expect(await find('firecracker', {}, 'nowhere')).toEqual({
    kind: 'unusable',
    reason: expect.stringContaining(
      'IRONLOG_FIRECRACKER is not set and firecracker is not on PATH: Firecracker 1.12.0 or newer is wanted, from the releases of firecracker-microvm/firecracker on GitHub; set IRONLOG_FIRECRACKER to its path',
    ),
  });
});

test('one that is named is not looked for elsewhere', async () => {
  program('first', 'firecracker', 'echo Firecracker v1.16.1');
  const gone = join(root, 'gone');
  expect(await find('firecracker', { IRONLOG_FIRECRACKER: gone }, 'first')).toEqual({
    kind: 'unusable',
    reason: expect.stringContaining(
      `IRONLOG_FIRECRACKER ${gone} does not tell its version: Firecracker 1.12.0 or newer is wanted`,
    ),
  });
});

test.each(['false', 'echo no version here', 'kill -9 $$'])('one whose version cannot be read: %s', async (says) => {
  const path = program('first', 'cloud-hypervisor', says);
  expect(await find('cloud-hypervisor', { IRONLOG_CLOUD_HYPERVISOR: path })).toEqual({
    kind: 'unusable',
    reason: expect.stringContaining(`IRONLOG_CLOUD_HYPERVISOR ${path} does not tell its version`),
  });
});

test('one that is too old is told what it lacks', async () => {
  const path = program('first', 'cloud-hypervisor', 'echo cloud-hypervisor v38.0.0');
  expect(await find('cloud-hypervisor', {}, 'first')).toEqual({
    kind: 'unusable',
    reason: expect.stringContaining(
      `IRONLOG_CLOUD_HYPERVISOR ${path} is 38.0.0, which lacks events of its monitor that tell a restart of the guest: Cloud Hypervisor 39.0 or newer is wanted`,
    ),
  });
});
