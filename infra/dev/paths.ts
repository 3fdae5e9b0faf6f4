// Paths: the project's folder, and within it `.ironlog`, the only folder that set-up writes to.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const PRIVATE_DIR = join(ROOT, '.ironlog');
export const CACHE_DIR = join(PRIVATE_DIR, 'cache');
export const DEV_FILE = join(PRIVATE_DIR, 'dev.json');
export const DEFAULT_STATE_DIR = join(PRIVATE_DIR, 'state');

/** Makes the folder and its parents, for their owner only. */
export const privateDirectory = (path: string): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
};

/** Resolves a caller's path: npm runs scripts in the project's folder, and passes the caller's in INIT_CWD. */
export const fromCaller = (
  path: string,
  { INIT_CWD: caller }: { readonly INIT_CWD?: string | undefined } = process.env,
): string => resolve(caller ?? '', path);
