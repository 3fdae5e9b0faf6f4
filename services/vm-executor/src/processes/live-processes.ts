// The live hypervisor processes of this host, at most one per VM, and the handling of their ends.
import type { Hypervisor, LaunchSpec, ProcessExit, ProcessHandle, Watch } from '@ironlog/hypervisor';

export interface ProcessEnd {
  /** Undefined for an adopted process: only its parent gets the exit status. */
  readonly exit: ProcessExit | undefined;
  /** The guest switched itself off: an orderly end. */
  readonly guestStopped: boolean;
  readonly detectedBy: 'child-exit' | 'socket-hangup' | 'adoption' | 'health';
  /** Monotonic, ms: when the end was detected. */
  readonly detectedAt: number;
}

export interface LiveProcess {
  readonly handle: ProcessHandle;
  readonly launch: LaunchSpec;
  readonly ended: Promise<ProcessEnd>;
  /** This executor has defined the VM in it; unknown for an adopted process. */
  isDefined: boolean;
  /** Its guest is off; the process lives until it is ended. */
  isOff: boolean;
}

export interface ProcessEvents {
  readonly onEnd: (key: string, process: LiveProcess, processEnd: ProcessEnd) => void;
  readonly onGuestReboot: (key: string, process: LiveProcess) => void;
  readonly onGuestPanic: (key: string, process: LiveProcess) => void;
  /** The guest is off, and its process stays until it is ended: not before that is on record. */
  readonly onGuestStop: (key: string, process: LiveProcess) => void;
}

export interface NewProcess {
  readonly hypervisor: Hypervisor;
  readonly handle: ProcessHandle;
  readonly launch: LaunchSpec;
  /** The end of our own child; absent for an adopted process. */
  readonly exited?: Promise<ProcessExit>;
}

interface Entry extends LiveProcess {
  readonly watch: Watch;
}

export class LiveProcesses {
  readonly #live = new Map<string, Entry>();
  readonly #events: ProcessEvents;

  constructor(events: ProcessEvents) {
    this.#events = events;
  }

  get size(): number {
    return this.#live.size;
  }

  /** The process that is believed alive; its end may be detected slightly later. */
  get(key: string): LiveProcess | undefined {
    return this.#live.get(key);
  }

  add(key: string, { hypervisor, handle, launch, exited }: NewProcess): LiveProcess {
    const gone = Promise.withResolvers<boolean>();
    const watch = hypervisor.watch(handle, (event) => {
      if (event.kind === 'gone') gone.resolve(event.guestStopped);
      if (event.kind === 'guest-panicked') this.#events.onGuestPanic(key, entry);
      if (event.kind === 'guest-rebooted') this.#events.onGuestReboot(key, entry);
      if (event.kind === 'guest-stopped' && event.processStays) {
        entry.isOff = true;
        this.#events.onGuestStop(key, entry);
      }
    });
    const ended = exited ? childEnd(exited, gone.promise) : adoptedEnd(gone.promise);
    const entry: Entry = { handle, launch, watch, ended, isDefined: false, isOff: false };
    this.#live.set(key, entry);
    void ended.then((processEnd) => {
      watch.close();
      if (this.#live.get(key) === entry) this.#live.delete(key);
      this.#events.onEnd(key, entry, processEnd);
    });
    return entry;
  }

  /** Releases all without touching them: they are detached, and the next executor adopts them. */
  release(): void {
    for (const { watch } of this.#live.values()) watch.close();
    this.#live.clear();
  }
}

// Both wait for the driver's report and use no clock: the driver has then read the process's output to its end. A busy
// executor would miss any time limit.
const childEnd = async (exited: Promise<ProcessExit>, gone: Promise<boolean>): Promise<ProcessEnd> => {
  const exit = await exited;
  const detectedAt = performance.now();
  // Only an orderly exit can be the guest's own stop; any other needs no record.
  const orderly = exit.exitCode === 0 && exit.signal === null;
  return { exit, guestStopped: orderly && (await gone), detectedBy: 'child-exit', detectedAt };
};

const adoptedEnd = async (gone: Promise<boolean>): Promise<ProcessEnd> => {
  const guestStopped = await gone;
  return { exit: undefined, guestStopped, detectedBy: 'socket-hangup', detectedAt: performance.now() };
};
