// One `npm start` per state directory: a lock file that names its process, and yields when that process is dead.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@ironlog/hypervisor';

/** Returns how to let go. @throws Error naming the process that holds it. */
export const lockStateDirectory = async (directory: string): Promise<() => void> => {
  const file = join(directory, 'start.lock');
  if (existsSync(file)) {
    const holder = JSON.parse(readFileSync(file, 'utf8') || 'null') as ProcessIdentity | null;
    if (holder && (await isAlive(holder))) {
      throw new Error(
        `${directory} is in use by another npm start (pid ${holder.pid}); stop it, or use --state-dir for a second one`,
      );
    }
  }
  writeFileSync(file, JSON.stringify(await identify(process.pid)), { mode: 0o600 });
  return () => rmSync(file, { force: true });
};
