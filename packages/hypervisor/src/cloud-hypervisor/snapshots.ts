// Saves a VM's state to files, and restores it in a process without a VM.
import type { Snapshots } from '../port.ts';
import { answering } from '../rest/answering.ts';
import type { Step } from '../rest/ensure.ts';
import { stepOf } from '../rest/verbs.ts';
import type { TraceCall } from '../trace-call.ts';
import { DIALECT, ping } from './calls.ts';

const TAKE: Step = { name: 'vm.snapshot', from: ['paused'], wanted: [] };
const RESTORE: Step = { name: 'vm.restore', from: ['absent'], wanted: ['paused', 'running'] };

/** A restore uses the configuration in the directory, including its paths. */
export const snapshotsOf = (trace: TraceCall): Snapshots => ({
  take: (handle, directory, deadline) =>
    stepOf(DIALECT, trace)(handle, { ...TAKE, body: { destination_url: `file://${directory}` } }, deadline),
  restore: async (handle, _launch, directory, deadline) => {
    const ready = await answering(handle, 'vmm.ping', (within) => ping(handle, within), deadline);
    return ready.ok
      ? stepOf(DIALECT, trace)(handle, { ...RESTORE, body: { source_url: `file://${directory}` } }, deadline)
      : ready;
  },
});
