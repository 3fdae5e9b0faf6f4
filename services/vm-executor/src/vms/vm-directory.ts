// A VM's folder: what this host and its hypervisors make in it, and nothing else, goes when it is removed.
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** `sock.lock` is Cloud Hypervisor's. The last is what a kernel may leave of a hypervisor that crashed (core(5)). */
const OURS = [
  /^(?:vm|launch)\.json(?:\.new)?$/,
  /^e\d+\.(?:sock|sock\.lock|events)$/,
  /^(?:console|hypervisor)\.log$/,
  /^core(?:\.\d+)?$/,
];

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const entriesOf = (folder: string) => {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
};

/** What lies in it and is not ours, by name; none in a folder that is not there. */
export const foreignEntriesIn = (folder: string): readonly string[] =>
  entriesOf(folder)
    .filter((entry) => entry.isDirectory() || !OURS.some((name) => name.test(entry.name)))
    .map(({ name }) => name);

/** Resolves with nothing when it is gone; else with the names of what is not ours in it, and then it is left as it is. */
export const removeVmDirectory = (folder: string): readonly string[] => {
  const foreignEntries = foreignEntriesIn(folder);
  if (foreignEntries.length > 0) return foreignEntries;
  for (const { name } of entriesOf(folder)) rmSync(join(folder, name), { force: true });
  try {
    // Not `rm -r`: what has appeared meanwhile is not ours to remove.
    rmdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY') return foreignEntriesIn(folder);
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return [];
};
