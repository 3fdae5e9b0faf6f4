// The launch record: which process a VM's directory belongs to. It is a hint that /proc must confirm.
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const launchRecordSchema = z.strictObject({
  pid: z.int().min(1),
  startTime: z.string().regex(/^\d+$/),
  bootId: z.string().min(1).max(64),
  epoch: z.int().min(1),
  socketPath: z.string().min(1).max(107),
});
export type LaunchRecord = z.infer<typeof launchRecordSchema>;

const pathIn = (directory: string): string => join(directory, 'launch.json');

/** Atomic and durable: a reader, also after power loss, gets the old record or the new one. Mode 0600. */
export async function writeLaunchRecord(directory: string, record: LaunchRecord): Promise<void> {
  const temporary = `${pathIn(directory)}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, pathIn(directory));
}

export type ReadLaunchRecord =
  | { readonly kind: 'record'; readonly record: LaunchRecord }
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly reason: string };

/** `broken` (cut off, edited by hand) is not `none`: the caller searches /proc, and logs it. */
export async function readLaunchRecord(directory: string): Promise<ReadLaunchRecord> {
  try {
    const parsed = launchRecordSchema.safeParse(JSON.parse(await readFile(pathIn(directory), 'utf8')));
    if (parsed.success) return { kind: 'record', record: parsed.data };
    return { kind: 'broken', reason: `${pathIn(directory)} is no launch record: ${parsed.error.message}` };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'none' };
    if (error instanceof SyntaxError)
      return { kind: 'broken', reason: `${pathIn(directory)} is not JSON: ${error.message}` };
    throw error;
  }
}

/** Idempotent. */
export async function removeLaunchRecord(directory: string): Promise<void> {
  await rm(pathIn(directory), { force: true });
}
