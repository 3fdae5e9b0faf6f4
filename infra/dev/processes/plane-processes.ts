// Every nats-server and service of a start on this machine, found in /proc, each with its state directory.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { identify, type ProcessIdentity } from '@ironlog/hypervisor';

export interface PlaneProcess {
  readonly name: string;
  readonly identity: ProcessIdentity;
  /** Absolute. */
  readonly stateDir: string;
}

const SERVICE = /\/services\/([a-z-]+)\/src\/main\.ts$/;
const NATS_CONFIG = join('/nats', 'nats.conf');
/** A service's variables name a folder directly in the state directory (services.ts). */
const FOLDER = /^IRONLOG_(?:STATE|READ_MODEL)_DIR=(\/.*)$/s;

const GONE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);
/** Empty when the process has ended, or is another user's. */
const strings = async (path: string): Promise<readonly string[]> => {
  try {
    return (await readFile(path, 'utf8')).split('\0').filter(Boolean);
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.has(String(error.code))) return [];
    throw error;
  }
};

/** nats-server has its configuration in its arguments; a service has its folders only in its environment. */
const inspect = async (pid: string): Promise<Pick<PlaneProcess, 'name' | 'stateDir'> | undefined> => {
  const argv = await strings(`/proc/${pid}/cmdline`);
  const [, flag, config = ''] = argv;
  if (flag === '-c' && config.endsWith(NATS_CONFIG))
    return { name: 'nats-server', stateDir: config.slice(0, -NATS_CONFIG.length) };
  const name = argv.map((argument) => SERVICE.exec(argument)?.[1]).find((found) => found !== undefined);
  if (name === undefined) return undefined;
  const environment = await strings(`/proc/${pid}/environ`);
  const folder = environment.map((entry) => FOLDER.exec(entry)?.[1]).find((found) => found !== undefined);
  return folder === undefined ? undefined : { name, stateDir: dirname(folder) };
};

export const findPlaneProcesses = async (): Promise<readonly PlaneProcess[]> => {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid): Promise<readonly PlaneProcess[]> => {
      const seen = await inspect(pid);
      const identity = seen === undefined ? null : await identify(Number(pid));
      return seen !== undefined && identity ? [{ ...seen, identity }] : [];
    }),
  );
  return found.flat();
};
