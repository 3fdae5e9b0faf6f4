// At which position of its console a VM's epoch begins: what earlier epochs printed says nothing of this one's guest.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consoleRange, errorCode } from './console-file.ts';

/** Goes with the other traces of the epoch's process (effects/residue.ts). */
const pathOf = (directory: string, epoch: number): string => join(directory, `e${epoch}.console`);

/** Whole or not at all; not synced to disk, for a console is not either. */
export const writeEpochStart = (directory: string, epoch: number, position: number): void => {
  const path = pathOf(directory, epoch);
  writeFileSync(`${path}.new`, String(position), { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

/**
 * Without the file (the disk was full) where console.log begins: an epoch begins with an empty one, so that is never
 * before the epoch, and after its beginning only where the console was rotated since.
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
