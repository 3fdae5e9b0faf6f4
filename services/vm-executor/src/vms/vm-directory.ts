// A VM's folder: removal deletes the files that this host and its hypervisors make in it, and nothing else.
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** `sock.lock` is Cloud Hypervisor's. The last one is a core dump of a crashed hypervisor (core(5)). */
const OURS = [
  /^(?:vm|launch)\.json(?:\.new)?$/,
  /^e\d+\.(?:sock|sock\.lock|events)$/,
  /^e\d+\.console(?:\.new)?$/,
  /^(?:console|hypervisor)\.log$/,
  /^console\.\d+-\d+\.log(?:\.new)?$/,
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

/** The names of its foreign entries; none when the folder does not exist. */
export const foreignEntriesIn = (folder: string): readonly string[] =>
  entriesOf(folder)
    .filter((entry) => entry.isDirectory() || !OURS.some((name) => name.test(entry.name)))
    .map(({ name }) => name);

/** Resolves with an empty list when it is removed; else with the names of foreign entries, and the folder is kept. */
export const removeVmDirectory = (folder: string): readonly string[] => {
  const foreignEntries = foreignEntriesIn(folder);
  if (foreignEntries.length > 0) return foreignEntries;
  for (const { name } of entriesOf(folder)) rmSync(join(folder, name), { force: true });
  try {
    // Not `rm -r`: an entry that has appeared meanwhile is foreign.
    rmdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY') return foreignEntriesIn(folder);
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return [];
};
