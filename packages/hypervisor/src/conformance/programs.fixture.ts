// The hypervisors' real programs, which tests drive where they are named, and the tiny guest as a file for them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type TinyGuest, writeTinyGuest } from '../tiny-guest/tiny-guest.fixture.ts';
import type { Guest } from './subject.fixture.ts';

/** The program that the variable names; null, with a line that says why, where its tests are skipped. */
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

/** In a directory that is made with the first and goes with the test file. */
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
