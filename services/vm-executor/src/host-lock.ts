// A lock file: a second executor on the same state directory of the same machine does not start.
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@ironlog/hypervisor';
import { ConfigError } from '@ironlog/service-kit';

/** Who holds it, if that process still lives. */
const holderOf = async (file: string): Promise<ProcessIdentity | undefined> => {
  try {
    const identity = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
    return (await isAlive(identity)) ? identity : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      return undefined;
    throw error;
  }
};

/** Returns how to let go. @throws ConfigError naming the process that holds it. */
export const takeHostLock = async (directory: string): Promise<() => void> => {
  const file = join(directory, 'executor.lock');
  const holder = await holderOf(file);
  if (holder && holder.pid !== process.pid) {
    throw new ConfigError(
      `IRONLOG_STATE_DIR ${directory} is in use by an executor with pid ${holder.pid}; stop that one first`,
    );
  }
  rmSync(file, { force: true });
  const descriptor = openSync(file, 'wx', 0o600);
  writeSync(descriptor, JSON.stringify(await identify(process.pid)));
  closeSync(descriptor);
  return () => rmSync(file, { force: true });
};
