// The driver for whatever speaks Cloud Hypervisor's API: the simulator now, Cloud Hypervisor itself by another command line.
import { HYPERVISOR_VERBS, type HypervisorKind } from '@ironlog/schemas';
import { eventsPathOf, guestHadStopped, prepareEvents } from '../event-monitor.ts';
import { type LaunchSpec, logPathOf, SOCKET_PATH_TOO_LONG, socketPathFits } from '../launch-spec.ts';
import { OpenWatches } from '../open-watches.ts';
import { deadlineRefusal, type Outcome, refusal } from '../outcome.ts';
import { pause } from '../pause.ts';
import type { Hypervisor } from '../port.ts';
import { type ProgramSpec, spawnProgram } from '../process/launch/spawn.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import { type TraceCall, untraced } from '../trace-call.ts';
import { answering, ensure, put, readState } from './calls.ts';
import { vmConfigOf } from './vm-config.ts';
import { watchProcess } from './watch.ts';

export interface CloudHypervisorOptions {
  readonly kind: HypervisorKind;
  readonly trace: TraceCall;
  /** The program and its arguments; they must hold the launch's socket path and its events path. */
  readonly command: (launch: LaunchSpec) => Pick<ProgramSpec, 'program' | 'argv' | 'environment' | 'umask'>;
}

const PRESS_EVERY_MS = 1000;
const CHECK_EVERY_MS = 20;

/** One driver serves any number of processes; it holds no connection but those of its watches. */
export function createCloudHypervisor({ kind, trace, command }: CloudHypervisorOptions): Hypervisor {
  const watches = new OpenWatches();
  return {
    kind,
    capabilities: () => ({ verbs: HYPERVISOR_VERBS[kind] }),
    spawn: async (launch) => {
      if (!socketPathFits(launch.socketPath))
        return refusal('refused', 'spawn', SOCKET_PATH_TOO_LONG, launch.socketPath);
      const { directory, epoch } = launch;
      const prepare = () => prepareEvents(eventsPathOf(directory, epoch));
      return spawnProgram({ ...command(launch), directory, prepare, logPath: logPathOf(directory) });
    },
    create: async (handle, launch, deadline) => {
      const ready = await answering(handle, deadline);
      if (!ready.ok) return ready;
      const wanted = ['created', 'running', 'paused'] as const;
      return ensure(trace, handle, { name: 'vm.create', wanted, body: vmConfigOf(launch) }, deadline);
    },
    boot: (handle, deadline) => ensure(trace, handle, { name: 'vm.boot', wanted: ['running'] }, deadline),
    pause: (handle, deadline) => ensure(trace, handle, { name: 'vm.pause', wanted: ['paused'] }, deadline),
    resume: (handle, deadline) => ensure(trace, handle, { name: 'vm.resume', wanted: ['running'] }, deadline),
    shutdown: (handle, deadline) => shutdown(trace, handle, deadline),
    observe: async (handle, deadline) =>
      (await isAlive(handle.identity)) ? readState(trace, handle, deadline) : { ok: true, state: 'absent' },
    guestHadStopped,
    watch: (handle, report) => watches.add(watchProcess(handle, report)),
    close: async () => {
      watches.closeAll();
    },
  };
}

/**
 * Presses the power button each second until the guest is off, or the process has ended (as Cloud Hypervisor does then).
 * A paused guest is resumed first: it could not hear the button.
 */
async function shutdown(trace: TraceCall, handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome> {
  let pressAt = 0;
  while (!deadline.aborted) {
    if (!(await isAlive(handle.identity))) return { ok: true };
    const now = await readState(untraced, handle, deadline);
    if (!now.ok && now.code === 'bad-answer') return now;
    if (now.ok && now.state !== 'running' && now.state !== 'paused') return { ok: true };
    if (performance.now() >= pressAt) {
      pressAt = performance.now() + PRESS_EVERY_MS;
      if (now.ok && now.state === 'paused') await put(trace, handle, { name: 'vm.resume' }, deadline);
      const pressed = await put(trace, handle, { name: 'vm.power-button' }, deadline);
      // Refused: the guest went off in between, which the next look shows. Failed: the next press may do.
      if (!pressed.ok && pressed.code === 'bad-answer') return pressed;
    }
    await pause(CHECK_EVERY_MS, deadline);
  }
  return deadlineRefusal(deadline, 'vm.power-button');
}
