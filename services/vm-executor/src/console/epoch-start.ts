// The console position at which a VM's epoch begins: earlier epochs' output does not describe this guest.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consoleRange, errorCode } from './console-file.ts';

/** Removed with the epoch process's other files (effects/residue.ts). */
const pathOf = (directory: string, epoch: number): string => join(directory, `e${epoch}.console`);

/** Atomic; not synced to disk, like the console itself. */
export const writeEpochStart = (directory: string, epoch: number, position: number): void => {
  const path = pathOf(directory, epoch);
  writeFileSync(`${path}.new`, String(position), { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

/**
 * Without the file (the disk was full) it is the start of console.log, which is empty when an epoch begins. So it is never
 * before the epoch, and later than its beginning only after a rotation.
 */
export const readEpochStart = (directory: string, epoch: number): number => {
  try {
    const text = readFileSync(pathOf(directory, epoch), 'utf8');
    if (/^\d{1,15}$/.test(text)) return Number(text);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return consoleRange(directory)?.active ?? 0;
};
