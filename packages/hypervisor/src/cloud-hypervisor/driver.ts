// The driver for Cloud Hypervisor's API. It serves Cloud Hypervisor, and the simulator by another command line.
import { HYPERVISOR_VERBS, type HypervisorKind } from '@ironlog/schemas';
import { eventsPathOf, guestHadStopped, prepareEvents } from '../event-monitor.ts';
import { whyNotLaunched } from '../launch-options.ts';
import { type LaunchSpec, logPathOf } from '../launch-spec.ts';
import { OpenWatches } from '../open-watches.ts';
import type { Hypervisor } from '../port.ts';
import { type ProgramSpec, spawnProgram } from '../process/launch/spawn.ts';
import { removeStaleSocket } from '../process/launch/stale-socket.ts';
import { answering } from '../rest/answering.ts';
import type { Step } from '../rest/ensure.ts';
import { restVerbs, stepOf } from '../rest/verbs.ts';
import type { TraceCall } from '../trace-call.ts';
import { DIALECT, ping } from './calls.ts';
import { readCounters } from './counters.ts';
import { snapshotsOf } from './snapshots.ts';
import { vmConfigOf } from './vm-config.ts';
import { watchProcess } from './watch.ts';

export interface RestDriverOptions {
  readonly kind: HypervisorKind;
  readonly version?: string;
  readonly trace: TraceCall;
  /** The program and its arguments, which must hold the launch's socket path and events path. */
  readonly command: (launch: LaunchSpec) => Pick<ProgramSpec, 'program' | 'argv' | 'environment' | 'umask'>;
}

export interface CloudHypervisorConfig {
  readonly kind: 'cloud-hypervisor';
  /** Absolute path of cloud-hypervisor, or its name on PATH. */
  readonly program: string;
  /** The version that the program reported; newer options are refused. */
  readonly version?: string;
}

/** Cloud Hypervisor's own program. */
export const createCloudHypervisor = (
  { kind, program, version }: CloudHypervisorConfig,
  trace: TraceCall,
): Hypervisor =>
  createRestDriver({
    kind,
    trace,
    ...(version === undefined ? {} : { version }),
    command: ({ directory, epoch, socketPath }) => ({
      program,
      argv: ['--api-socket', socketPath, '--event-monitor', `path=${eventsPathOf(directory, epoch)}`],
    }),
  });

const CREATE: Step = { name: 'vm.create', from: ['absent'], wanted: ['created', 'running', 'paused', 'shutdown'] };
const BOOT: Step = { name: 'vm.boot', from: ['created', 'shutdown'], wanted: ['running'] };
const PAUSE: Step = { name: 'vm.pause', from: ['running'], wanted: ['paused'] };
const RESUME: Step = { name: 'vm.resume', from: ['paused'], wanted: ['running'] };
const PRESS = { name: 'vm.power-button' };

/** One driver serves any number of processes. It keeps only the connections of its watches. */
export function createRestDriver({ kind, trace, command, version }: RestDriverOptions): Hypervisor {
  const watches = new OpenWatches();
  return {
    kind,
    capabilities: () => ({ verbs: HYPERVISOR_VERBS[kind] }),
    spawn: async (launch) => {
      const cannot = whyNotLaunched(kind, launch, version);
      if (cannot !== undefined) return cannot;
      const { consolePath, directory, epoch, socketPath } = launch;
      const prepare = async (): Promise<void> => {
        await prepareEvents(eventsPathOf(directory, epoch));
        await removeStaleSocket(socketPath);
      };
      return spawnProgram({ ...command(launch), directory, prepare, logPath: logPathOf(directory), consolePath });
    },
    create: async (handle, launch, deadline) => {
      const ready = await answering(handle, 'vmm.ping', (within) => ping(handle, within), deadline);
      return ready.ok ? stepOf(DIALECT, trace)(handle, { ...CREATE, body: vmConfigOf(launch) }, deadline) : ready;
    },
    ...restVerbs(DIALECT, trace, { boot: BOOT, pause: PAUSE, resume: RESUME, press: PRESS }),
    snapshots: snapshotsOf(trace),
    counters: readCounters,
    guestHadStopped,
    watch: (handle, report) => watches.add(watchProcess(handle, report)),
    close: async () => {
      watches.closeAll();
    },
  };
}
