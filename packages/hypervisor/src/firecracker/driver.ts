// The driver for Firecracker's API. It serves Firecracker, and the simulator by another command line.
import { HYPERVISOR_VERBS, type HypervisorKind } from '@ironlog/schemas';
import { processCounters } from '../counters.ts';
import { bootable } from '../launch-options.ts';
import { type LaunchSpec, logPathOf } from '../launch-spec.ts';
import { OpenWatches } from '../open-watches.ts';
import type { Refusal } from '../outcome.ts';
import type { Hypervisor } from '../port.ts';
import { type ProgramSpec, spawnProgram } from '../process/launch/spawn.ts';
import { removeStaleSocket } from '../process/launch/stale-socket.ts';
import { answering } from '../rest/answering.ts';
import type { Step } from '../rest/ensure.ts';
import { restVerbs } from '../rest/verbs.ts';
import type { TraceCall } from '../trace-call.ts';
import type { Write } from './client.ts';
import { firecrackerArguments } from './command-line.ts';
import { configure } from './configure.ts';
import { DIALECT, greet } from './instance.ts';
import { prepareWord, saysGuestStopped, wordPathOf } from './last-word.ts';
import { snapshotsOf } from './snapshots.ts';
import { watchProcess } from './watch.ts';

export interface FirecrackerConfig {
  readonly kind: 'firecracker';
  /** Absolute path of firecracker, or its name on PATH. */
  readonly program: string;
  /** The version that the program reported; newer options are refused. */
  readonly version?: string;
}

export interface FirecrackerDriverOptions {
  readonly kind: HypervisorKind;
  readonly trace: TraceCall;
  /** The program and its arguments, which must hold the launch's socket path and the path of its log. */
  readonly command: (launch: LaunchSpec) => Pick<ProgramSpec, 'program' | 'argv' | 'environment' | 'umask'>;
  /** Why the launch is refused. */
  readonly whyNot: (launch: LaunchSpec) => Refusal | undefined;
}

/** Firecracker's own program. */
export const createFirecracker = ({ kind, program, version }: FirecrackerConfig, trace: TraceCall): Hypervisor =>
  createFirecrackerDriver({
    kind,
    trace,
    command: (launch) => ({ program, argv: firecrackerArguments(launch) }),
    whyNot: (launch) => {
      const able = bootable(kind, launch, version);
      return able.ok ? undefined : able;
    },
  });

const action = (type: string): Write => ({
  method: 'PUT',
  path: '/actions',
  name: type,
  operation: type,
  body: { action_type: type },
});
const START: Step & Write = { ...action('InstanceStart'), from: ['created'], wanted: ['running'] };
const PRESS = action('SendCtrlAltDel');
const vm = (state: 'Paused' | 'Resumed'): Write => ({
  method: 'PATCH',
  path: '/vm',
  name: `vm ${state}`,
  operation: `PATCH /vm ${state}`,
  body: { state },
});
const PAUSE: Step & Write = { ...vm('Paused'), from: ['running'], wanted: ['paused'] };
const RESUME: Step & Write = { ...vm('Resumed'), from: ['paused'], wanted: ['running'] };

/** One driver serves any number of processes. It keeps only the connections of its watches. */
export function createFirecrackerDriver({ kind, trace, command, whyNot }: FirecrackerDriverOptions): Hypervisor {
  const watches = new OpenWatches();
  return {
    kind,
    capabilities: () => ({ verbs: HYPERVISOR_VERBS[kind] }),
    spawn: async (launch) => {
      const { consolePath, directory, epoch, socketPath } = launch;
      const cannot = whyNot(launch);
      if (cannot !== undefined) return cannot;
      const prepare = async (): Promise<void> => {
        await prepareWord(wordPathOf(directory, epoch));
        await removeStaleSocket(socketPath);
      };
      return spawnProgram({ ...command(launch), directory, prepare, logPath: logPathOf(directory), consolePath });
    },
    create: async (handle, launch, deadline) => {
      const greeted = await answering(handle, 'instance', (within) => greet(handle, within), deadline);
      if (!greeted.ok) return greeted;
      return greeted.instance.state === 'Not started' ? configure(trace, handle, launch, deadline) : { ok: true };
    },
    ...restVerbs(DIALECT, trace, { boot: START, pause: PAUSE, resume: RESUME, press: PRESS }),
    snapshots: snapshotsOf(trace),
    // Firecracker writes its device counters to a file, as differences to the last write: not read yet.
    counters: processCounters,
    guestHadStopped: async (process) => saysGuestStopped(process),
    watch: (handle, report) => watches.add(watchProcess(handle, report)),
    close: async () => {
      watches.closeAll();
    },
  };
}
