// The hypervisor processes of this start's hosts: each is found by its arguments and ended by its pid.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FoundProcess, findUnder, killProcess, removeLaunchRecord } from '@ironlog/hypervisor';

/**
 * `hostDirectories`: absolute, real paths. A VM's directory is two levels below its host's; a deeper one belongs to another
 * plane.
 */
export const findHypervisorProcesses = async (hostDirectories: readonly string[]): Promise<readonly FoundProcess[]> =>
  (await Promise.all(hostDirectories.map(findUnder)))
    .flat()
    .filter(({ directory }) => hostDirectories.includes(dirname(dirname(directory))));

const GRACE_MS = 2000;
const isSocket = (name: string): boolean => /^e\d+\.(sock|events)$/.test(name);

/**
 * Ends them and removes their sockets and launch records: the next start then takes a VM before its first boot for one
 * without a process, not for a crashed one (vm-executor, respawn-unbooted.ts). Call it when no executor runs. `force`
 * aborted: at once.
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
