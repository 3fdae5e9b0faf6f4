// Finds QEMU for x86: IRONLOG_QEMU, else PATH. It is never installed without a request.
import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAM = 'qemu-system-x86_64';
export const QEMU_PACKAGE = 'qemu-system-x86';
const INSTALL_LINE = `sudo apt-get install --no-install-recommends ${QEMU_PACKAGE}`;

export type FoundQemu =
  | { readonly kind: 'found'; readonly path: string; readonly version: string }
  /** One sentence: the package to install or the variable to set. */
  | { readonly kind: 'absent'; readonly reason: string };

const versionOf = async (path: string): Promise<string | undefined> => {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    return /version (\S+)/.exec(stdout)?.[1];
  } catch {
    // Missing, or it does not run here: the next candidate.
    return undefined;
  }
};

/** Every candidate must answer `--version`. */
export const findQemu = async (): Promise<FoundQemu> => {
  const named = process.env.IRONLOG_QEMU;
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const path of named ? [named] : folders.map((folder) => join(folder, PROGRAM))) {
    const version = await versionOf(path);
    if (version) return { kind: 'found', path, version };
  }
  const where = named ? `IRONLOG_QEMU ${named} does not run` : `${PROGRAM} is not on PATH`;
  return { kind: 'absent', reason: `${where}: run ${INSTALL_LINE}, or set IRONLOG_QEMU to its path` };
};
