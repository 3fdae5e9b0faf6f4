import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from './log.ts';
import { createLogOutput } from './log-output.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'il-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('drops and counts a line that a full device refuses, and does not throw', () => {
  // Every write to /dev/full fails with ENOSPC (full(4)).
  const fd = openSync('/dev/full', 'w');
  const output = createLogOutput(fd);
  const logger = createLogger({ service: 'test', to: output });
  expect(() => logger.error({ err: new Error('disk') }, 'not written')).not.toThrow();
  logger.info('nor this');
  expect(output.dropped()).toBe(2);
  closeSync(fd);
});

it('begins a new line after an incomplete one', () => {
  const file = join(directory, 'log');
  const fd = openSync(file, 'w');
  let calls = 0;
  const output = createLogOutput(fd, ((_fd: number, bytes: Buffer, from: number) => {
    calls += 1;
    if (calls === 2) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    return writeSync(fd, bytes, from, calls === 1 ? 3 : bytes.length - from);
  }) as never);
  output.write('first line\n');
  output.write('second line\n');
  closeSync(fd);
  expect(readFileSync(file, 'utf8')).toBe('fir\nsecond line\n');
  expect(output.dropped()).toBe(1);
});
