// Starting a program: a failed start is a value, and leaves this process unchanged.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ProgramSpec, spawnProgram } from './spawn.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironlog-spawn-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const specOf = (spec: Pick<ProgramSpec, 'program' | 'argv'>): ProgramSpec => ({
  ...spec,
  directory,
  prepare: async () => undefined,
  logPath: join(directory, 'hypervisor.log'),
});

it.each([
  ['an argument longer than the kernel takes', { program: 'true', argv: ['x'.repeat(200_000)] }],
  ['an argument that no program can take', { program: 'true', argv: ['a\0b'] }],
  ['a program that is not there', { program: '/nonexistent/program', argv: [] }],
])("%s is a failure, and this process's own files are as private as before", async (_what, program) => {
  const mask = process.umask();
  try {
    expect(await spawnProgram(specOf(program))).toMatchObject({ ok: false, code: 'failed' });
    expect(process.umask()).toBe(mask);
  } finally {
    process.umask(mask);
  }
});
