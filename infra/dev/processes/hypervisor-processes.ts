// The hypervisor processes of the hosts that this start runs: each known by its arguments and ended by its own pid.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FoundProcess, findUnder, killProcess, removeLaunchRecord } from '@ironlog/hypervisor';

/** `hostDirectories`: absolute, real paths. A VM's directory is two below its host's; what lies deeper is another plane's. */
export const findHypervisorProcesses = async (hostDirectories: readonly string[]): Promise<readonly FoundProcess[]> =>
  (await Promise.all(hostDirectories.map(findUnder)))
    .flat()
    .filter(({ directory }) => hostDirectories.includes(dirname(dirname(directory))));

const GRACE_MS = 2000;
const isSocket = (name: string): boolean => /^e\d+\.(sock|events)$/.test(name);

/**
 * Ends them, and takes their sockets and launch records away: to the next start a VM that waited to be booted has not
 * crashed then, it has no process (vm-executor, settle.ts). Call it when no executor runs. `hurry` aborted: at once.
 */
export const endHypervisorProcesses = async (guests: readonly FoundProcess[], force?: AbortSignal): Promise<void> => {
  const graceMs = force?.aborted ? 0 : GRACE_MS;
  await Promise.all(
    guests.map(async ({ identity, directory }) => {
      const ended = await killProcess(identity, { graceMs });
      if (ended.kind === 'alive') return;
      for (const name of readdirSync(directory).filter(isSocket)) rmSync(join(directory, name), { force: true });
      await removeLaunchRecord(directory);
    }),
  );
};
