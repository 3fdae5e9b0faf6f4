// Saves a VM's state to files, and restores it in an unconfigured process.
import type { LaunchSpec } from '../launch-spec.ts';
import type { Snapshots } from '../port.ts';
import { answering } from '../rest/answering.ts';
import type { Step } from '../rest/ensure.ts';
import { stepOf } from '../rest/verbs.ts';
import type { TraceCall } from '../trace-call.ts';
import type { Write } from './client.ts';
import { DIALECT, greet } from './instance.ts';

/** A restored process maps its memory from the file as long as it lives. */
const filesIn = (directory: string) => ({ state: `${directory}/vm.state`, memory: `${directory}/vm.memory` });

export function takeOf(directory: string): Write {
  const { state, memory } = filesIn(directory);
  const body = { snapshot_type: 'Full', snapshot_path: state, mem_file_path: memory };
  return { method: 'PUT', path: '/snapshot/create', name: 'snapshot/create', operation: 'PUT /snapshot/create', body };
}

export function loadOf(directory: string, { vsock }: Pick<LaunchSpec, 'vsock'>): Write {
  const { state, memory } = filesIn(directory);
  const body = {
    snapshot_path: state,
    mem_backend: { backend_type: 'File', backend_path: memory },
    resume_vm: false,
    // The socket path in the snapshot is that of the original VM.
    ...(vsock === undefined ? {} : { vsock_override: { uds_path: vsock.path } }),
  };
  return { method: 'PUT', path: '/snapshot/load', name: 'snapshot/load', operation: 'PUT /snapshot/load', body };
}

const TAKE: Omit<Step, 'name'> = { from: ['paused'], wanted: [] };
const LOAD: Omit<Step, 'name'> = { from: ['absent'], wanted: ['paused', 'running'] };

export const snapshotsOf = (trace: TraceCall): Snapshots => ({
  take: (handle, directory, deadline) => stepOf(DIALECT, trace)(handle, { ...TAKE, ...takeOf(directory) }, deadline),
  restore: async (handle, launch, directory, deadline) => {
    const greeted = await answering(handle, 'instance', (within) => greet(handle, within), deadline);
    return greeted.ok ? stepOf(DIALECT, trace)(handle, { ...LOAD, ...loadOf(directory, launch) }, deadline) : greeted;
  },
});
