// One `npm start` per state directory: a file that names who holds it, taken over only from the dead.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive } from '@ironlog/hypervisor';
import { z } from 'zod';

const identitySchema = z.object({ pid: z.int(), startTime: z.string(), bootId: z.string() });

export type StateLock =
  | { readonly kind: 'taken'; release(): void }
  /** By a process that lives. */
  | { readonly kind: 'held'; readonly pid: number };

const read = (file: string): z.infer<typeof identitySchema> | undefined => {
  try {
    return identitySchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch (error) {
    // Released meanwhile, or cut off by a power failure: nobody holds it.
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      return undefined;
    throw error;
  }
};

/** A link is made by one process only, and with its whole content. */
const linked = (from: string, to: string): boolean => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
};

/** A pid alone is reused: the holder is known by its start time and boot too. */
export const takeStateLock = async (stateDir: string): Promise<StateLock> => {
  const file = join(stateDir, 'supervisor.lock');
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(await identify(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      if (linked(own, file)) return { kind: 'taken', release: () => rmSync(file, { force: true }) };
      const holder = read(file);
      if (holder && (await isAlive(holder))) return { kind: 'held', pid: holder.pid };
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
};
