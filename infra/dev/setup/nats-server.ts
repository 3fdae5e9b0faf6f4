// Finds a recent nats-server, in order: IRONLOG_NATS_SERVER, PATH, the cache, the Debian archive.
import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE_DIR } from '../paths.ts';
import { print } from '../terminal/print.ts';
import { unpackPackage } from './debian-archive.ts';

const run = promisify(execFile);
const FLOOR = [2, 12] as const;
// Debian's testing suite: the first with a nats-server of at least 2.12.
const SUITE = 'forky';
const PACKAGE = 'nats-server';

/** `undefined`: it does not run, or prints no version. */
const versionOf = async (path: string): Promise<readonly [number, number] | undefined> => {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    const match = /v(\d+)\.(\d+)\./.exec(stdout);
    return match ? [Number(match[1]), Number(match[2])] : undefined;
  } catch {
    return undefined;
  }
};

const newEnough = ([major, minor]: readonly [number, number]): boolean =>
  major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);

const candidates = (): readonly { path: string; from: string; silent: boolean }[] => {
  const named = process.env.IRONLOG_NATS_SERVER;
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, PACKAGE));
  return [
    ...(named ? [{ path: named, from: 'IRONLOG_NATS_SERVER', silent: false }] : []),
    ...onPath.map((path) => ({ path, from: 'PATH', silent: true })),
    { path: join(CACHE_DIR, PACKAGE, 'usr/sbin/nats-server'), from: 'the cache', silent: true },
  ];
};

/**
 * The path of a nats-server >= 2.12.
 * @throws Error with one sentence: the package to install or the variable to set.
 */
export const findNatsServer = async (): Promise<string> => {
  for (const { path, from, silent } of candidates()) {
    const version = await versionOf(path);
    if (version && newEnough(version)) return path;
    if (version)
      print(
        `nats-server ${version.join('.')} from ${from} (${path}) is older than ${FLOOR.join('.')}; trying the next`,
      );
    else if (!silent) print(`${path} from ${from} is no working nats-server; trying the next`);
  }
  print('fetching nats-server from the Debian archive into .ironlog/cache');
  const unpacked = await unpackPackage(SUITE, PACKAGE);
  const path = unpacked.ok ? join(unpacked.directory, 'usr/sbin/nats-server') : undefined;
  const version = path ? await versionOf(path) : undefined;
  if (path && version && newEnough(version)) return path;
  const why = unpacked.ok ? 'its version does not run here or is too old' : unpacked.reason;
  throw new Error(
    `no nats-server >= ${FLOOR.join('.')} found (Debian archive: ${why}); install one and set IRONLOG_NATS_SERVER to its path`,
  );
};
