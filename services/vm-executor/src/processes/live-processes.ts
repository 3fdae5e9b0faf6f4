// The live hypervisor processes of this host, one per VM at most, and what happens when one ends.
import type { Hypervisor, LaunchSpec, ProcessExit, ProcessHandle, Watch } from '@ironlog/hypervisor';

export interface ProcessEnd {
  /** Undefined for a process that another executor had started: only its parent learns how it ended. */
  readonly exit: ProcessExit | undefined;
  /** The guest had switched itself off: an orderly end. */
  readonly guestStopped: boolean;
  readonly detectedBy: 'child-exit' | 'socket-hangup' | 'adoption' | 'health';
  /** Monotonic, ms: when it was noticed. */
  readonly noticedAt: number;
}

export interface LiveProcess {
  readonly handle: ProcessHandle;
  readonly launch: LaunchSpec;
  readonly ended: Promise<ProcessEnd>;
  /** This executor has seen the VM defined in it; of one that was adopted it is not known. */
  isDefined: boolean;
  /** Its guest is off, and it stays until it is ended. */
  isOff: boolean;
}

export interface ProcessEvents {
  readonly onEnd: (key: string, process: LiveProcess, ending: ProcessEnd) => void;
  readonly onGuestReboot: (key: string, process: LiveProcess) => void;
  /** The guest is off, and its process stays until it is ended: not before that is on record. */
  readonly onGuestStop: (key: string, process: LiveProcess) => void;
}

export interface NewProcess {
  readonly hypervisor: Hypervisor;
  readonly handle: ProcessHandle;
  readonly launch: LaunchSpec;
  /** Our own child's end; without it the process was adopted. */
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

  /** The process that lives as far as is known; its end may be noticed a moment later. */
  get(key: string): LiveProcess | undefined {
    return this.#live.get(key);
  }

  add(key: string, { hypervisor, handle, launch, exited }: NewProcess): LiveProcess {
    const gone = Promise.withResolvers<boolean>();
    const watch = hypervisor.watch(handle, (event) => {
      if (event.kind === 'gone') gone.resolve(event.guestStopped);
      if (event.kind === 'guest-rebooted') this.#events.onGuestReboot(key, entry);
      if (event.kind === 'guest-stopped' && event.processStays) {
        entry.isOff = true;
        this.#events.onGuestStop(key, entry);
      }
    });
    const ended = exited ? childEnd(exited, gone.promise) : adoptedEnd(gone.promise);
    const entry: Entry = { handle, launch, watch, ended, isDefined: false, isOff: false };
    this.#live.set(key, entry);
    void ended.then((ending) => {
      watch.close();
      if (this.#live.get(key) === entry) this.#live.delete(key);
      this.#events.onEnd(key, entry, ending);
    });
    return entry;
  }

  /** Lets go of all without touching them: they are detached, and the next executor adopts them. */
  release(): void {
    for (const { watch } of this.#live.values()) watch.close();
    this.#live.clear();
  }
}

// Both wait for the driver to tell, and no clock: it has then read to its end what the process said and left. It tells
// within moments of a death, and a busy executor would miss any moment given.
const childEnd = async (exited: Promise<ProcessExit>, gone: Promise<boolean>): Promise<ProcessEnd> => {
  const exit = await exited;
  const noticedAt = performance.now();
  // Only an orderly end can have been the guest's own; anything else waits for no word.
  const orderly = exit.exitCode === 0 && exit.signal === null;
  return { exit, guestStopped: orderly && (await gone), detectedBy: 'child-exit', noticedAt };
};

const adoptedEnd = async (gone: Promise<boolean>): Promise<ProcessEnd> => {
  const guestStopped = await gone;
  return { exit: undefined, guestStopped, detectedBy: 'socket-hangup', noticedAt: performance.now() };
};
