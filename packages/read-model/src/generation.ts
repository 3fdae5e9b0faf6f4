// Generations: `state.<n>.db`, and a pointer file that names the one to read. A rebuild fills the next and moves the pointer.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Kind = 'state' | 'history';

const pointerOf = (directory: string, kind: Kind): string => join(directory, `current-${kind}`);
const fileOf = (directory: string, kind: Kind, generation: number): string =>
  join(directory, `${kind}.${generation}.db`);

const generationsOf = (directory: string, kind: Kind): number[] =>
  existsSync(directory)
    ? readdirSync(directory)
        .map((name) => new RegExp(`^${kind}\\.(\\d+)\\.db$`).exec(name)?.[1])
        .filter((text) => text !== undefined)
        .map(Number)
    : [];

/** The file that readers are to open; `undefined` while there is none. */
export const currentFile = (directory: string, kind: Kind): string | undefined => {
  const pointer = pointerOf(directory, kind);
  if (!existsSync(pointer)) return undefined;
  const name = readFileSync(pointer, 'utf8').trim();
  return /^(state|history)\.\d+\.db$/.test(name) ? join(directory, name) : undefined;
};

/** A file name that no generation has had: an old one's rows can never come back under it. */
export const nextFile = (directory: string, kind: Kind): string =>
  fileOf(directory, kind, Math.max(0, ...generationsOf(directory, kind)) + 1);

/** Readers are told to have nothing rather than something damaged; the file itself stays, for whoever wants to look. */
export const retract = (directory: string, kind: Kind): void => rmSync(pointerOf(directory, kind), { force: true });

/** Atomic; then removes all generations but this and the one before, which a reader may still hold. */
export const publish = (directory: string, kind: Kind, file: string): void => {
  const pointer = pointerOf(directory, kind);
  const name = file.slice(directory.length + 1);
  writeFileSync(`${pointer}.new`, `${name}\n`, { mode: 0o600, flush: true });
  renameSync(`${pointer}.new`, pointer);
  const generation = Number(/\.(\d+)\.db$/.exec(name)?.[1]);
  for (const old of generationsOf(directory, kind).filter((n) => n < generation - 1)) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(fileOf(directory, kind, old) + suffix, { force: true });
  }
};
