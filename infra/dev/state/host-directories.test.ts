import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { missingHosts } from './host-directories.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'il-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const makeVm = (...path: string[]): void => void mkdirSync(join(stateDir, ...path), { recursive: true });

it('says which hosts have VMs and are not started, and how to start them', () => {
  makeVm('host-1', 'dev', 'vm-1');
  makeVm('host-2', 'dev', 'vm-2');
  makeVm('host-10', 'dev', 'vm-3');
  makeVm('host-10', 'dev', 'vm-4');
  expect(missingHosts(stateDir, 1)).toBe(
    'not started: host-2 with 1 VM, host-10 with 2 VMs; nobody looks after their VMs until a start with --hosts 10',
  );
});

it('says nothing of hosts that are started, that have no VMs, or that are no hosts', () => {
  makeVm('host-1', 'dev', 'vm-1');
  makeVm('host-2', '.compile-cache', 'v24');
  makeVm('host-x', 'dev', 'vm-1');
  makeVm('read-model');
  expect(missingHosts(stateDir, 1)).toBeUndefined();
  expect(missingHosts(join(stateDir, 'none'), 1)).toBeUndefined();
});
