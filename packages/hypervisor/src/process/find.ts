// Finds hypervisor processes by what their argv says: the ground truth when a crash left no launch record (P5).
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { identify, type ProcessIdentity, readProc } from './identity.ts';
import { socketIn } from './vm-socket.ts';

export interface FoundProcess {
  readonly identity: ProcessIdentity;
  /** The VM directory that its argv holds. */
  readonly directory: string;
  /** From the socket's name; null when argv names the directory and no epoch. */
  readonly epoch: number | null;
  readonly socketPath: string | null;
}

const beneath = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`);

/** The living processes of the VM in `directory` (absolute); `/a/vm-1` does not match those of `/a/vm-10`. */
export async function findByDirectory(directory: string): Promise<FoundProcess[]> {
  return (await findUnder(directory)).filter((found) => found.directory === directory);
}

/** Every living process whose argv holds a VM socket below `stateDirectory` (absolute): one pass over /proc. */
export async function findUnder(stateDirectory: string): Promise<FoundProcess[]> {
  const found: FoundProcess[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const cmdline = await readProc(`/proc/${entry}/cmdline`);
    // The cheap test first: most processes of a host are not hypervisors.
    if (cmdline === null || !cmdline.includes(stateDirectory)) continue;
    const socketPath = socketIn(cmdline);
    if (socketPath === null || !beneath(socketPath, stateDirectory)) continue;
    const identity = await identify(Number(entry));
    if (identity === null) continue;
    const epoch = Number(basename(socketPath).slice(1, -'.sock'.length));
    found.push({ identity, directory: dirname(socketPath), epoch, socketPath });
  }
  return found;
}
