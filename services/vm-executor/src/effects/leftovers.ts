// What an effect that failed leaves behind, after it has tried to leave nothing.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findByDirectory, removeLaunchRecord } from '@ironlog/hypervisor';
import type { Residue } from '@ironlog/schemas';
import type { EffectContext } from './context.ts';

const entriesOf = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};

const isSocket = (name: string): boolean => /^e\d+\.(sock|events)$/.test(name);

/** Removes stale sockets; safe only when no process of the VM lives. */
export const removeSockets = async (directory: string): Promise<void> => {
  for (const name of entriesOf(directory).filter(isSocket)) rmSync(join(directory, name), { force: true });
  await removeLaunchRecord(directory);
};

/** What is there now, by looking. */
export const residueIn = async (directory: string): Promise<Residue[]> => {
  const residue: Residue[] = [];
  if ((await findByDirectory(directory)).length > 0) residue.push('process');
  if (entriesOf(directory).some((name) => name.endsWith('.sock'))) residue.push('socket');
  return residue;
};

/** Ends the process and removes its socket; what remains is for recovery to clean up. */
export const clearUp = async (context: EffectContext): Promise<Residue[]> => {
  if (await context.endProcesses()) await removeSockets(context.directory);
  return residueIn(context.directory);
};
