import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileCache } from './compile-cache.ts';

const run = promisify(execFile);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ironlog-compile-cache-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("what a process compiles is in a directory that is its owner's alone, and the next process reads it", async () => {
  const cache = join(directory, 'cache');
  const script = join(directory, 'script.ts');
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(script, 'const answer: number = 42;\nconsole.log(answer);\n');
  const env = { ...compileCache(cache), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  const start = () => run(process.execPath, ['--disable-warning=ExperimentalWarning', script], { env });
  expect((await start()).stdout).toContain('42');
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  expect(globSync('*/*', { cwd: cache }).length).toBeGreaterThan(0);
  const { stdout, stderr } = await start();
  expect(stdout + stderr).toMatch(/script\.ts was accepted/);
});

test.each([
  [
    'a file is in its place',
    (): string => {
      const file = join(directory, 'file');
      writeFileSync(file, '');
      return file;
    },
  ],
  [
    'a file is in the place of its parent',
    (): string => {
      writeFileSync(join(directory, 'file'), '');
      return join(directory, 'file', 'cache');
    },
  ],
  ['a filesystem refuses new directories', (): string => '/proc/ironlog'],
])('without the variable where %s', (_, make) => {
  expect(compileCache(make())).toEqual({});
});
