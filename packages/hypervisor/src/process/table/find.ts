// Finds hypervisor processes by their argv: the source of truth when a crash left no launch record (P5).
import { namesDirectory } from '../launch/names-directory.ts';
import type { ProcessIdentity } from './identity.ts';
import { type FoundProcess, ProcessTable } from './process-table.ts';

/** One per machine, like /proc: boots, deletes and health checks share a pass. */
const table = new ProcessTable();

/** A process whose arguments name a VM's directory without its socket: it may be the VM's hypervisor. */
export interface UnreadProcess {
  readonly identity: ProcessIdentity;
  /** The command; for the log. */
  readonly program: string;
}

export interface VmProcesses {
  readonly own: readonly FoundProcess[];
  /** Not to be killed, and not to be ignored: while one lives, the VM's process may be alive. */
  readonly unread: readonly UnreadProcess[];
}

/** The living processes of the VM in `directory` (absolute); `/a/vm-1` does not match those of `/a/vm-10`. */
export async function findByDirectory(directory: string): Promise<FoundProcess[]> {
  return (await table.processes()).vms.filter((found) => found.directory === directory);
}

/** These, and the unidentified ones. */
export async function findAllByDirectory(directory: string): Promise<VmProcesses> {
  const { vms, others } = await table.processes();
  return {
    own: vms.filter((found) => found.directory === directory),
    unread: others
      .filter(({ cmdline }) => namesDirectory(cmdline, directory))
      .map(({ identity, cmdline }) => ({ identity, program: cmdline.split('\0', 1)[0] ?? '' })),
  };
}

/** Every living process whose argv holds a VM socket below `stateDirectory` (absolute), seen after this call. */
export async function findUnder(stateDirectory: string): Promise<FoundProcess[]> {
  return (await table.processes()).vms.filter(({ socketPath }) => socketPath.startsWith(`${stateDirectory}/`));
}
