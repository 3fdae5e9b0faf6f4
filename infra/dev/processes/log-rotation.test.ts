import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rotate } from './log-rotation.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('limits a log file that a process keeps open', async () => {
  const log = join(directory, 'a.log');
  const fd = openSync(log, 'a');
  writeSync(fd, 'old\n'.repeat(30));
  expect(await rotate(log, 200)).toBe(false);
  writeSync(fd, 'old\n'.repeat(30));
  expect(await rotate(log, 200)).toBe(true);
  writeSync(fd, 'new\n');
  closeSync(fd);
  expect(readFileSync(log, 'utf8')).toBe('new\n');
  expect(readFileSync(`${log}.1`, 'utf8')).toBe('old\n'.repeat(60));
});

it('accepts a log file that does not exist yet', async () => {
  expect(await rotate(join(directory, 'none.log'))).toBe(false);
});
