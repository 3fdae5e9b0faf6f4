// Node's compile cache for the services: they start sooner, and a process that need not compile takes less memory.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE_DIR } from '../paths.ts';

/** Node executes what it finds there: it is its owner's alone. */
const COMPILE_CACHE = join(CACHE_DIR, 'compiled');

/**
 * The variable for a service, or none where the directory cannot be made in its parent, or written. That is not left to
 * Node, nor are parents made: where mkdir(2) says ENOENT although the parent exists, as in /proc, Node 24 makes the parent
 * and tries again without end.
 */
export const compileCache = (directory: string = COMPILE_CACHE): { readonly NODE_COMPILE_CACHE?: string } => {
  try {
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 });
    // The dot: a file that is there instead is refused.
    accessSync(`${directory}/.`, constants.W_OK | constants.X_OK);
    return { NODE_COMPILE_CACHE: directory };
  } catch {
    // The services run without it as well.
    return {};
  }
};
