// A lock file per process: a second executor on the same state directory of the same machine does not start.
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '@ironlog/hypervisor';
import { ConfigError } from '@ironlog/service-kit';

/** The name says who holds it, so that there is no moment at which a lock exists and does not say. */
const LOCK = /^executor-(\d{1,10})-(\d{1,20})-([0-9a-f-]{36})\.lock$/;
const nameOf = ({ pid, startTime, bootId }: ProcessIdentity): string => `executor-${pid}-${startTime}-${bootId}.lock`;

const holderOf = (name: string): ProcessIdentity | undefined => {
  const [, pid, startTime, bootId] = LOCK.exec(name) ?? [];
  return pid && startTime && bootId ? { pid: Number(pid), startTime, bootId } : undefined;
};

/**
 * Puts its own lock down before it looks for others: of two that start at once at least one sees the other, so that
 * never both go on. Those of dead processes are removed. Returns how to let go.
 * @throws ConfigError naming the process that holds it.
 */
export const takeHostLock = async (directory: string): Promise<() => void> => {
  const self = await identify(process.pid);
  if (!self) throw new Error(`/proc/${process.pid}/stat does not tell of this process`);
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
