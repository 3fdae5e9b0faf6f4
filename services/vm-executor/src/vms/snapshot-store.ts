// A VM's aggregate on disk, so that a start reads only the log's tail. The log stays the truth; a snapshot may be lost.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vm } from '@ironlog/domain';

/** Raised when `Vm` changes shape: an older snapshot is then not read. */
const VERSION = 5;

const fileOf = (directory: string): string => join(directory, 'vm.json');

/** Atomic; not synced, because it is only a shortcut. A missing directory is ignored. */
export const writeSnapshot = (directory: string, vm: Vm): void => {
  if (!existsSync(directory)) return;
  const file = fileOf(directory);
  writeFileSync(`${file}.new`, JSON.stringify({ version: VERSION, vm }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

/** The file is renamed when complete, so its version implies its shape. A foreign file lacks the fields of every VM. */
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

/**
 * `undefined`: none, of another version, damaged or unreadable. The log has everything, and one VM's file must stop no start.
 */
export const readSnapshot = (directory: string): Vm | undefined => {
  try {
    const stored: unknown = JSON.parse(readFileSync(fileOf(directory), 'utf8'));
    return isSnapshot(stored) ? stored.vm : undefined;
  } catch {
    return undefined;
  }
};
