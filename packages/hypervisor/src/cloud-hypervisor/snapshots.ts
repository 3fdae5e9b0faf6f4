// Saves a VM's state to files, and restores it in a process without a VM.
import type { Outcome } from '../outcome.ts';
import type { Snapshots } from '../port.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { answering } from '../rest/answering.ts';
import { ensure, type Step } from '../rest/ensure.ts';
import type { TraceCall } from '../trace-call.ts';
import { type Put, ping, put, readState } from './calls.ts';

const TAKE: Step = { name: 'vm.snapshot', from: ['paused'], wanted: [] };
const RESTORE: Step = { name: 'vm.restore', from: ['absent'], wanted: ['paused', 'running'] };

const step = (trace: TraceCall, handle: ProcessHandle, call: Step & Put, deadline: AbortSignal): Promise<Outcome> =>
  ensure(call, { act: () => put(trace, handle, call, deadline), readState: () => readState(trace, handle, deadline) });

/** A restore uses the configuration in the directory, including its paths. */
export const snapshotsOf = (trace: TraceCall): Snapshots => ({
  take: (handle, directory, deadline) =>
    step(trace, handle, { ...TAKE, body: { destination_url: `file://${directory}` } }, deadline),
  restore: async (handle, _launch, directory, deadline) => {
    const ready = await answering(handle, 'vmm.ping', (within) => ping(handle, within), deadline);
    return ready.ok
      ? step(trace, handle, { ...RESTORE, body: { source_url: `file://${directory}` } }, deadline)
      : ready;
  },
});
