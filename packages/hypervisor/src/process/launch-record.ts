// The launch record: which process runs a VM, written beside its socket so that the next executor can adopt it.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const recordSchema = z.strictObject({
  pid: z.int(),
  startTime: z.int(),
  bootId: z.string(),
  epoch: z.int(),
});
export type LaunchRecord = z.infer<typeof recordSchema>;

const fileOf = (directory: string): string => join(directory, 'launch.json');

/** Atomic: a crash leaves the old record or the new one. */
export const writeLaunchRecord = (directory: string, record: LaunchRecord): void => {
  const file = fileOf(directory);
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
};

/** `undefined`: none, or unreadable; then /proc is asked, which needs no record. */
export const readLaunchRecord = (directory: string): LaunchRecord | undefined => {
  try {
    return recordSchema.safeParse(JSON.parse(readFileSync(fileOf(directory), 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      return undefined;
    throw error;
  }
};

export const removeLaunchRecord = (directory: string): void => rmSync(fileOf(directory), { force: true });
