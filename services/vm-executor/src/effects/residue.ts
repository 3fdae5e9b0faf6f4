// The residue of a failed effect, after it has tried to remove everything.
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

/**
 * A process's files beside the VM's own: its socket, Cloud Hypervisor's lock of it, its record of the guest's events, and
 * where its output begins in the console.
 */
const TRACE = /^e(\d+)\.(?:sock|sock\.lock|events|console)$/;

/** Removes the files of the dead processes of `epoch`. Processes of other epochs may live. */
export const removeTracesOf = async (directory: string, epoch: number): Promise<void> => {
  for (const name of entriesOf(directory))
    if (Number(TRACE.exec(name)?.[1]) === epoch) rmSync(join(directory, name), { force: true });
  // The launch record is only a hint: a read error is ignored.
  const launched = await readLaunchRecord(directory).catch(() => undefined);
  if (launched?.kind === 'record' && launched.record.epoch === epoch) await removeLaunchRecord(directory);
};

/** Of every epoch; safe only when no process of the VM lives. */
export const removeTraces = async (directory: string): Promise<void> => {
  for (const name of entriesOf(directory).filter((entry) => TRACE.test(entry)))
    rmSync(join(directory, name), { force: true });
  await removeLaunchRecord(directory);
};

/** The residue found on the host now. */
export const residueIn = async (directory: string): Promise<Residue[]> => {
  const residue: Residue[] = [];
  const { own, unread } = await findAllByDirectory(directory);
  if (own.length + unread.length > 0) residue.push('process');
  if (entriesOf(directory).some((name) => name.endsWith('.sock'))) residue.push('socket');
  return residue;
};

/** The VM's directory holds foreign entries. Their names go to the host's log only. */
export const foreignEntriesFound = (foreignEntries: readonly string[]): Refusal =>
  refusal('failed', 'directory', "the VM's directory holds foreign entries", foreignEntries.slice(0, 10).join(', '));

/** Ends the process and removes its socket. Recovery cleans up what remains. */
export const clearUp = async (context: EffectContext): Promise<Residue[]> => {
  if (await context.endProcesses()) await removeTraces(context.directory);
  return residueIn(context.directory);
};
