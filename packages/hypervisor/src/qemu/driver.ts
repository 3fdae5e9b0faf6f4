// QEMU over QMP: real guests, under KVM where it works, otherwise TCG.
import { writeFile } from 'node:fs/promises';
import { HYPERVISOR_VERBS } from '@ironlog/schemas';
import { processCounters } from '../counters.ts';
import { eventsPathOf, guestHadStopped, leaveGuestStop, prepareEvents } from '../event-monitor.ts';
import { bootable } from '../launch-options.ts';
import { logPathOf } from '../launch-spec.ts';
import { OpenWatches } from '../open-watches.ts';
import { deadlineRefusal, type Outcome } from '../outcome.ts';
import { pause } from '../pause.ts';
import type { Hypervisor } from '../port.ts';
import { spawnProgram } from '../process/launch/spawn.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { TraceCall } from '../trace-call.ts';
import { answering, command, ensure, poll, readState } from './calls.ts';
import { type Accelerator, qemuArguments } from './command-line.ts';
import { clockArguments } from './host-clock.ts';
import { QmpLinks } from './links.ts';
import { watchProcess } from './watch.ts';

export interface QemuConfig {
  readonly kind: 'qemu';
  /** Absolute path of qemu-system-x86_64, or its name on PATH. */
  readonly program: string;
  /** The version that the program reported; newer options are refused. */
  readonly version?: string;
  /** From `chooseAccelerator`, or the operator's setting. */
  readonly accelerator: Accelerator;
}

const PRESS_EVERY_MS = 1000;
const CHECK_EVERY_MS = 20;

export function createQemu({ program, accelerator, version }: QemuConfig, trace: TraceCall): Hypervisor {
  const links = new QmpLinks(trace);
  const watches = new OpenWatches();
  return {
    kind: 'qemu',
    capabilities: () => ({ verbs: HYPERVISOR_VERBS.qemu }),
    spawn: async (launch) => {
      const { directory, epoch, consolePath } = launch;
      const able = bootable('qemu', launch, version);
      if (!able.ok) return able;
      const prepare = async (): Promise<void> => {
        await writeFile(consolePath, '', { flag: 'a', mode: 0o600 });
        await prepareEvents(eventsPathOf(directory, epoch));
      };
      const clock = accelerator === 'tcg' ? await clockArguments() : '';
      const argv = qemuArguments(launch, { accelerator, kernel: able.kernel, clock });
      return spawnProgram({ program, argv, directory, prepare, logPath: logPathOf(directory) });
    },
    // The command line defines the machine; once QEMU answers, it is created.
    create: (handle, _launch, deadline) => answering(links, handle, deadline),
    boot: (handle, deadline) => ensure(links, handle, { execute: 'cont', from: 'created', to: 'running' }, deadline),
    pause: (handle, deadline) => ensure(links, handle, { execute: 'stop', from: 'running', to: 'paused' }, deadline),
    resume: (handle, deadline) => ensure(links, handle, { execute: 'cont', from: 'paused', to: 'running' }, deadline),
    shutdown: (handle, deadline) => shutdown(links, handle, deadline),
    counters: processCounters,
    observe: async (handle, deadline) =>
      (await isAlive(handle.identity)) ? readState(links, handle, deadline) : { ok: true, state: 'absent' },
    guestHadStopped,
    watch: (handle, report) => watches.add(watchProcess(links, handle, report)),
    close: async () => {
      watches.closeAll();
      await links.close();
    },
  };
}

/**
 * Presses the power button each second (a press before the guest handles it is lost: measured) until the guest is off
 * and QEMU has exited. A paused guest is resumed first; one that never started is already off.
 */
async function shutdown(links: QmpLinks, handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome> {
  let pressAt = 0;
  let quit = command;
  while (!deadline.aborted) {
    if (!(await isAlive(handle.identity))) return { ok: true };
    const now = await readState(links, handle, deadline, poll);
    if (!now.ok && now.code === 'bad-answer') return now;
    if (now.ok && now.state === 'created') return { ok: true };
    if (now.ok && now.state === 'shutdown') {
      // QEMU stays when its guest is off (see command-line.ts), until `quit`. Its state is recorded before it exits.
      leaveGuestStop(handle);
      await quit(links, handle, 'quit', deadline);
      quit = poll;
    } else if (performance.now() >= pressAt) {
      pressAt = performance.now() + PRESS_EVERY_MS;
      if (now.ok && now.state === 'paused') await command(links, handle, 'cont', deadline);
      // A refusal is ignored: the next press, or the process's end, decides.
      await command(links, handle, 'system_powerdown', deadline);
    }
    await pause(CHECK_EVERY_MS, deadline);
  }
  return deadlineRefusal(deadline, 'qmp.system_powerdown');
}
