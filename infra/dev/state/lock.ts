// One `npm start` per state directory: a lock file that names its process, and is void when that process is dead.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@ironlog/hypervisor';

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

/** Includes the error for a parent directory that this user may not read. */
const NOT_THERE = ['ENOENT', 'EACCES'];

const holderOf = (file: string): ProcessIdentity | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch (error) {
    // Released meanwhile, or incomplete after a power failure: no process holds it.
    if (error instanceof SyntaxError || NOT_THERE.includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
};

/** Only one process succeeds in making a link, which has its whole content at once. */
const linked = (from: string, to: string): boolean => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
};

/** The living process that holds the directory, if any. */
export const lockHolder = async (directory: string): Promise<ProcessIdentity | undefined> => {
  const holder = holderOf(join(directory, 'start.lock'));
  return holder && (await isAlive(holder)) ? holder : undefined;
};

/** Returns the release function. @throws Error naming the process that holds it. */
export const lockStateDirectory = async (directory: string): Promise<() => void> => {
  const file = join(directory, 'start.lock');
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(await identify(process.pid)), { mode: 0o600 });
  try {
    while (!linked(own, file)) {
      const holder = await lockHolder(directory);
      if (holder) {
        throw new Error(
          `${directory} is in use by another npm start (pid ${holder.pid}); stop it, or use --state-dir for a second one`,
        );
      }
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(file, { force: true });
};
