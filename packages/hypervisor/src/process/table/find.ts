// Finds hypervisor processes by what their argv says: the ground truth when a crash left no launch record (P5).
import { namesDirectory } from '../launch/names-directory.ts';
import type { ProcessIdentity } from './identity.ts';
import { type FoundProcess, ProcessTable } from './process-table.ts';

/** The machine has one /proc, and so this is one for all who ask: boots, deletes and health checks share a pass. */
const table = new ProcessTable();

/** A process whose arguments name a VM's directory, and do not tell its socket: it may be the VM's hypervisor, or not. */
export interface UnreadProcess {
  readonly identity: ProcessIdentity;
  /** As it was called; for the log. */
  readonly program: string;
}

export interface VmProcesses {
  readonly own: readonly FoundProcess[];
  /** Neither ours to end, nor to be overlooked: while one lives, nobody can say that the VM's process is dead. */
  readonly unread: readonly UnreadProcess[];
}

/** The living processes of the VM in `directory` (absolute); `/a/vm-1` does not match those of `/a/vm-10`. */
export async function findByDirectory(directory: string): Promise<FoundProcess[]> {
  return (await table.processes()).vms.filter((found) => found.directory === directory);
}

/** Those, and the ones that cannot be told. */
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
