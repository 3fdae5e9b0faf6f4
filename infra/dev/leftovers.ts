// What a killed supervisor left running on a state directory: found in /proc, ended before anything starts on it again.
// Two nats-servers on one store, or two services of one name, must never be.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, killProcess, type ProcessIdentity } from '@ironlog/hypervisor';

const GRACE_MS = 12_000;
const SERVICE = /\/services\/([a-z-]+)\/src\/main\.ts$/;

export interface Leftover {
  readonly name: string;
  readonly identity: ProcessIdentity;
}

const GONE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);
/** Empty when the process has gone, or is another user's. */
const strings = async (path: string): Promise<readonly string[]> => {
  try {
    return (await readFile(path, 'utf8')).split('\0').filter(Boolean);
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.has(String(error.code))) return [];
    throw error;
  }
};

/** nats-server names its configuration in its arguments; a service is told of its folders by its environment only. */
const nameOf = async (pid: string, stateDir: string): Promise<string | undefined> => {
  const argv = await strings(`/proc/${pid}/cmdline`);
  if (argv.includes(join(stateDir, 'nats', 'nats.conf'))) return 'nats-server';
  const service = argv.map((argument) => SERVICE.exec(argument)?.[1]).find((name) => name !== undefined);
  if (service === undefined) return undefined;
  const environment = await strings(`/proc/${pid}/environ`);
  const ours = environment.some((entry) => entry.startsWith('IRONLOG_') && entry.includes(`=${stateDir}/`));
  return ours ? service : undefined;
};

/** Living processes of that state directory (absolute, real path). Call it while holding the directory's lock. */
export const findLeftovers = async (stateDir: string): Promise<readonly Leftover[]> => {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid): Promise<readonly Leftover[]> => {
      const name = await nameOf(pid, stateDir);
      const identity = name === undefined ? null : await identify(Number(pid));
      return name !== undefined && identity ? [{ name, identity }] : [];
    }),
  );
  return found.flat();
};

/** Ends them, services before their server; says which. @throws Error when one cannot be ended. */
export const endLeftovers = async (stateDir: string, say: (line: string) => void): Promise<void> => {
  const found = await findLeftovers(stateDir);
  if (found.length === 0) return;
  say(`ending what an earlier run left: ${found.map(({ name, identity }) => `${name} (${identity.pid})`).join(', ')}`);
  const end = async (leftovers: readonly Leftover[]): Promise<void> => {
    const outcomes = await Promise.all(leftovers.map(({ identity }) => killProcess(identity, { graceMs: GRACE_MS })));
    for (const outcome of outcomes) if (outcome.kind === 'alive') throw new Error(outcome.reason);
  };
  await end(found.filter(({ name }) => name !== 'nats-server'));
  await end(found.filter(({ name }) => name === 'nats-server'));
};
