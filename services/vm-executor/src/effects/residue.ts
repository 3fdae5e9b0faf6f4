// What an effect that failed leaves behind, after it has tried to leave nothing.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findAllByDirectory, type Refusal, readLaunchRecord, refusal, removeLaunchRecord } from '@ironlog/hypervisor';
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

/** What a process has beside what the VM keeps: its socket with Cloud Hypervisor's lock, and its word of what its guest did. */
const TRACE = /^e(\d+)\.(?:sock|sock\.lock|events)$/;

/** Removes what the dead processes of `epoch` have left; those of other epochs may live. */
export const removeTracesOf = async (directory: string, epoch: number): Promise<void> => {
  for (const name of entriesOf(directory))
    if (Number(TRACE.exec(name)?.[1]) === epoch) rmSync(join(directory, name), { force: true });
  // A hint: what cannot be read of it is no reason to stop.
  const launched = await readLaunchRecord(directory).catch(() => undefined);
  if (launched?.kind === 'record' && launched.record.epoch === epoch) await removeLaunchRecord(directory);
};

/** Of every epoch; safe only when no process of the VM lives. */
export const removeTraces = async (directory: string): Promise<void> => {
  for (const name of entriesOf(directory).filter((entry) => TRACE.test(entry)))
    rmSync(join(directory, name), { force: true });
  await removeLaunchRecord(directory);
};

/** What is there now, by looking. */
export const residueIn = async (directory: string): Promise<Residue[]> => {
  const residue: Residue[] = [];
  const { own, unread } = await findAllByDirectory(directory);
  if (own.length + unread.length > 0) residue.push('process');
  if (entriesOf(directory).some((name) => name.endsWith('.sock'))) residue.push('socket');
  return residue;
};

/** Somebody has put something into the VM's folder: what it is, is for the host's log. */
export const notOurs = (foreignEntries: readonly string[]): Refusal =>
  refusal(
    'failed',
    'directory',
    "the VM's directory holds what is not the VM's",
    foreignEntries.slice(0, 10).join(', '),
  );

/** Ends the process and removes its socket; what remains is for recovery to clean up. */
export const clearUp = async (context: EffectContext): Promise<Residue[]> => {
  if (await context.endProcesses()) await removeTraces(context.directory);
  return residueIn(context.directory);
};
