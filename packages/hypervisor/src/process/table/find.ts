// Finds hypervisor processes by what their argv says: the ground truth when a crash left no launch record (P5).
import { type FoundProcess, ProcessTable } from './process-table.ts';

/** The machine has one /proc, and so this is one for all who ask: boots, deletes and health checks share a pass. */
const table = new ProcessTable();

/** The living processes of the VM in `directory` (absolute); `/a/vm-1` does not match those of `/a/vm-10`. */
export async function findByDirectory(directory: string): Promise<FoundProcess[]> {
  return (await table.vmProcesses()).filter((found) => found.directory === directory);
}

/** Every living process whose argv holds a VM socket below `stateDirectory` (absolute), seen after this call. */
export async function findUnder(stateDirectory: string): Promise<FoundProcess[]> {
  return (await table.vmProcesses()).filter(({ socketPath }) => socketPath.startsWith(`${stateDirectory}/`));
}
