// Finds the real hypervisor programs that the environment names, and writes the tiny guest's files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type TinyGuest, writeTinyGuest } from '../tiny-guest/tiny-guest.fixture.ts';
import type { Guest } from './subject.fixture.ts';

/** The program that the variable names; null, with a printed reason, where its tests are skipped. */
export function realProgram(name: string, variable: string): string | null {
  const program = process.env[variable];
  const why = program === undefined ? `${variable} is not set` : whyNot(program);
  if (why === null && program !== undefined) return program;
  console.warn(`${name}'s own program is not driven: ${why}`);
  return null;
}

function whyNot(program: string): string | null {
  const { status, error } = spawnSync(program, ['--version']);
  return status === 0 ? null : `${program} --version does not run (${error ?? `status ${status}`})`;
}

/** In a directory made on first use and removed after the tests. */
export function tinyGuests(): (guest?: TinyGuest) => Promise<Guest> {
  let directory: string | undefined;
  afterAll(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });
  let count = 0;
  return async (guest) => {
    directory ??= mkdtempSync(join(tmpdir(), 'ironlog-tiny-'));
    count += 1;
    const kernel = join(directory, `tiny-${count}`);
    await writeTinyGuest(kernel, guest);
    return { image: { kernel } };
  };
}
