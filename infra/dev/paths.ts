// Where things are: the project's folder, and within it `.ironlog`, the only place that set-up writes to.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const PRIVATE_DIR = join(ROOT, '.ironlog');
export const CACHE_DIR = join(PRIVATE_DIR, 'cache');
export const DEV_FILE = join(PRIVATE_DIR, 'dev.json');
export const DEFAULT_STATE_DIR = join(PRIVATE_DIR, 'state');

/** Makes the folder and what is above it, for its owner only. */
export const privateDirectory = (path: string): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
};

/** A path as the caller wrote it: npm runs scripts in the project's folder, and tells in INIT_CWD where it was called. */
export const fromCaller = (
  path: string,
  { INIT_CWD: caller }: { readonly INIT_CWD?: string | undefined } = process.env,
): string => resolve(caller ?? '', path);
