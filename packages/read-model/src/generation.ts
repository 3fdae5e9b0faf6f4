// Generations: `state.<n>.db`, and a pointer file that names the current one. A rebuild builds the next and moves the
// pointer.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export type Kind = 'state' | 'history';

const pointerOf = (directory: string, kind: Kind): string => join(directory, `current-${kind}`);
/** Names the previous files: a reader may be about to open one, and a damaged one is kept for inspection. */
const earlierOf = (directory: string, kind: Kind): string => join(directory, `earlier-${kind}`);

const generationOf = (kind: Kind, name: string): number | undefined => {
  const digits = new RegExp(`^${kind}\\.(\\d+)\\.db$`).exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
};
const fileOf = (directory: string, kind: Kind, generation: number): string =>
  join(directory, `${kind}.${generation}.db`);

const generationsOf = (directory: string, kind: Kind): number[] =>
  existsSync(directory)
    ? readdirSync(directory)
        .map((name) => generationOf(kind, name))
        .filter((generation) => generation !== undefined)
    : [];

const named = (pointer: string, kind: Kind): number | undefined =>
  existsSync(pointer) ? generationOf(kind, readFileSync(pointer, 'utf8').trim()) : undefined;
/** The current and the previous files, existing or not. */
const readable = (directory: string, kind: Kind): number[] =>
  [pointerOf, earlierOf]
    .map((pointer) => named(pointer(directory, kind), kind))
    .filter((generation) => generation !== undefined);

/** The current file; `undefined` when there is none. */
export const currentFile = (directory: string, kind: Kind): string | undefined => {
  const generation = named(pointerOf(directory, kind), kind);
  return generation === undefined ? undefined : fileOf(directory, kind, generation);
};

/** A file name that no generation known to readers has had: old rows can never appear under it. */
export const nextFile = (directory: string, kind: Kind): string =>
  fileOf(directory, kind, Math.max(0, ...generationsOf(directory, kind), ...readable(directory, kind)) + 1);

/** Takes the current file from readers: no data is better than damaged data. The file is kept for inspection. */
export const retract = (directory: string, kind: Kind): void => {
  const pointer = pointerOf(directory, kind);
  if (existsSync(pointer)) renameSync(pointer, earlierOf(directory, kind));
};

const write = (pointer: string, file: string): void =>
  writeFileSync(pointer, `${basename(file)}\n`, { mode: 0o600, flush: true });

/** Atomic and idempotent. */
export const publish = (directory: string, kind: Kind, file: string): void => {
  const pointer = pointerOf(directory, kind);
  const before = currentFile(directory, kind);
  write(`${pointer}.new`, file);
  if (before !== undefined && before !== file) write(earlierOf(directory, kind), before);
  renameSync(`${pointer}.new`, pointer);
};

/** Removes all generations but the current and the previous one: old and unpublished ones. Not during a build. */
export const removeUnread = (directory: string, kind: Kind): void => {
  const kept = readable(directory, kind);
  for (const generation of generationsOf(directory, kind).filter((each) => !kept.includes(each))) {
    const file = fileOf(directory, kind, generation);
    // The file itself last: an interrupted removal is then repeated.
    for (const suffix of ['-wal', '-shm', '-journal', '']) rmSync(file + suffix, { force: true });
  }
};
