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

it('names the hosts that have VMs and are not started, and how to start them', () => {
  makeVm('host-1', 'dev', 'vm-1');
  makeVm('host-2', 'dev', 'vm-2');
  makeVm('host-10', 'dev', 'vm-3');
  makeVm('host-10', 'dev', 'vm-4');
  expect(missingHosts(stateDir, 1)).toBe(
    'not started: host-2 with 1 VM, host-10 with 2 VMs; their VMs are not managed until a start with --hosts 10',
  );
});

it('names no host that is started or has no VMs, and no other folder', () => {
  makeVm('host-1', 'dev', 'vm-1');
  makeVm('host-2', '.compile-cache', 'v24');
  makeVm('host-x', 'dev', 'vm-1');
  makeVm('read-model');
  expect(missingHosts(stateDir, 1)).toBeUndefined();
  expect(missingHosts(join(stateDir, 'none'), 1)).toBeUndefined();
});
