// `dev.json`: a running plane's addresses and credentials, for scripts and tests; readable by its owner only. Each plane has
// one in its state directory; the first plane's is in `.ironlog`, too.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { identify, isAlive } from '@ironlog/hypervisor';
import { z } from 'zod';
import { DEV_FILE, privateDirectory } from '../paths.ts';

const devSchema = z.strictObject({
  http: z.string(),
  nats: z.string(),
  natsUser: z.string(),
  natsPassword: z.string(),
  token: z.string(),
  tenant: z.string(),
  hosts: z.array(z.string()),
  /** By service: the address of `/healthz`, `/readyz` and `/metrics`. */
  ops: z.record(z.string(), z.string()),
  stateDir: z.string(),
  /** The writing process: the file of a dead one is stale. */
  start: z.strictObject({ pid: z.int(), startTime: z.string(), bootId: z.string() }),
});
export type DevFile = z.infer<typeof devSchema>;

export const devFileIn = (stateDir: string): string => join(stateDir, 'dev.json');

export interface WrittenDevFiles {
  /** This plane's file: the one in `.ironlog` when it was free. */
  readonly path: string;
  /** Removes the files that are unchanged. */
  remove(): void;
}

const parsed = (path: string): DevFile | undefined => {
  try {
    return devSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing, or of another version: it belongs to no living start.
    return undefined;
  }
};

const hasLivingOwner = async (path: string): Promise<boolean> => {
  const start = parsed(path)?.start;
  return start !== undefined && (await isAlive(start));
};

/** `shared`: the file that only one living start has; another one in tests. */
export const writeDevFiles = async (dev: Omit<DevFile, 'start'>, shared = DEV_FILE): Promise<WrittenDevFiles> => {
  const start = await identify(process.pid);
  if (!start) throw new Error('this process is not in /proc');
  const text = `${JSON.stringify({ ...dev, start }, null, 2)}\n`;
  const own = devFileIn(dev.stateDir);
  const isFree = !(await hasLivingOwner(shared));
  if (isFree) privateDirectory(dirname(shared));
  const paths = isFree ? [own, shared] : [own];
  for (const path of paths) {
    writeFileSync(`${path}.${process.pid}`, text, { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
  }
  return {
    path: isFree ? shared : own,
    remove: () => {
      for (const path of paths) if (existsSync(path) && readFileSync(path, 'utf8') === text) rmSync(path);
    },
  };
};

/** @throws Error that asks to start the plane first. */
export const readDevFile = (path: string): DevFile => {
  if (!existsSync(path)) throw new Error(`there is no ${path}: run npm start in another terminal first`);
  const dev = parsed(path);
  if (!dev) throw new Error(`${path} is not of this version of npm start: run npm start again`);
  return dev;
};

/** Why the described plane may not answer. */
export const whyUncertain = async (path: string, { start }: DevFile): Promise<string> =>
  (await isAlive(start))
    ? `the npm start that wrote ${path} still runs (pid ${start.pid}): see its logs`
    : `the npm start that wrote ${path} (pid ${start.pid}) has ended: run npm start again`;
