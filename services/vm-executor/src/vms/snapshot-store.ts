// A VM's aggregate on disk, so that a start reads a tail and not a life; the log stays the truth, a lost one is no loss.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vm } from '@ironlog/domain';

/** Raised when `Vm` changes shape: an older snapshot is then not read. */
const VERSION = 4;

const fileOf = (directory: string): string => join(directory, 'vm.json');

/** Atomic. Not synced to disk: it is only a shortcut. A directory that is gone is none of its business. */
export const writeSnapshot = (directory: string, vm: Vm): void => {
  if (!existsSync(directory)) return;
  const file = fileOf(directory);
  writeFileSync(`${file}.new`, JSON.stringify({ version: VERSION, vm }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

/** We wrote the file and renamed it whole: its version tells its shape, and a file that is not ours is told by what every VM has. */
const isSnapshot = (stored: unknown): stored is { readonly vm: Vm } =>
  typeof stored === 'object' &&
  stored !== null &&
  'version' in stored &&
  stored.version === VERSION &&
  'vm' in stored &&
  typeof stored.vm === 'object' &&
  stored.vm !== null &&
  'sequence' in stored.vm &&
  typeof stored.vm.sequence === 'number' &&
  'state' in stored.vm;

/** `undefined`: none, of another version, damaged, or not to be read: the log has it all, and one VM's file stops no start. */
export const readSnapshot = (directory: string): Vm | undefined => {
  try {
    const stored: unknown = JSON.parse(readFileSync(fileOf(directory), 'utf8'));
    return isSnapshot(stored) ? stored.vm : undefined;
  } catch {
    return undefined;
  }
};
