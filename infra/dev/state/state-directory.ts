// A plane's state directory: made for its owner only, with its real path, or refused with a message.
import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../usage-error.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file is in its place',
  ENOENT: 'no directory can be made there',
  EACCES: 'this user may not read and write there',
  EPERM: 'this user may not read and write there',
  EROFS: 'the file system is read-only',
};

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
};

// mkdir's `recursive` never returns under /proc, which answers ENOENT for an existing parent (Node 24.21).
const make = (path: string): void => {
  if (existsSync(path)) return;
  make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
};

/** Its real path, also before it exists. */
export const realPathOf = (path: string): string =>
  existsSync(path) || dirname(path) === path ? realpathSync(path) : join(realPathOf(dirname(path)), basename(path));

/** Its real path: processes are found by it. @throws UsageError with the reason why it cannot be used. */
export const openStateDirectory = (path: string): string => {
  try {
    make(path);
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be the state directory: ${reasonOf(error)}; choose another with --state-dir`);
  }
};
