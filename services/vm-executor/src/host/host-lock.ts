// A lock file per process: a second executor on the same state directory and machine does not start.
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@ironlog/hypervisor';
import { ConfigError } from '@ironlog/service-kit';

/** The file name identifies the holder, so that a lock never exists without it. */
const LOCK = /^executor-(\d{1,10})-(\d{1,20})-([0-9a-f-]{36})\.lock$/;
const nameOf = ({ pid, startTime, bootId }: ProcessIdentity): string => `executor-${pid}-${startTime}-${bootId}.lock`;

const holderOf = (name: string): ProcessIdentity | undefined => {
  const [, pid, startTime, bootId] = LOCK.exec(name) ?? [];
  return pid && startTime && bootId ? { pid: Number(pid), startTime, bootId } : undefined;
};

/**
 * Writes its own lock before it checks for others: of two simultaneous starts at least one sees the other, so never
 * both continue. Locks of dead processes are removed. Returns the release function.
 * @throws ConfigError naming the process that holds it.
 */
export const takeHostLock = async (directory: string): Promise<() => void> => {
  const self = await identify(process.pid);
  if (!self) throw new Error(`/proc/${process.pid}/stat does not describe this process`);
  const own = join(directory, nameOf(self));
  closeSync(openSync(own, 'w', 0o600));
  const release = (): void => rmSync(own, { force: true });
  for (const name of readdirSync(directory)) {
    const holder = holderOf(name);
    if (!holder || name === nameOf(self)) continue;
    if (!(await isAlive(holder))) {
      rmSync(join(directory, name), { force: true });
      continue;
    }
    release();
    throw new ConfigError(
      `IRONLOG_STATE_DIR ${directory} is in use by an executor with pid ${holder.pid}; stop that one first`,
    );
  }
  return release;
};
