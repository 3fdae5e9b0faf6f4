// The machine's VM processes, identified by their arguments. Concurrent callers share one pass over /proc.
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { socketIn } from '../launch/vm-socket.ts';
import { currentBootId, type ProcessIdentity, type ProcessStat, readProc, statOf } from './identity.ts';
import { SharedRuns } from './shared-runs.ts';

export interface FoundProcess {
  readonly identity: ProcessIdentity;
  /** The VM directory in its argv. */
  readonly directory: string;
  /** In the socket's name. */
  readonly epoch: number;
  readonly socketPath: string;
}

/** A living process whose arguments identify no VM. */
export interface OtherProcess {
  readonly identity: ProcessIdentity;
  /** NUL-separated; truncated if very long. */
  readonly cmdline: string;
}

export interface Processes {
  readonly vms: readonly FoundProcess[];
  readonly others: readonly OtherProcess[];
}

interface Known {
  /** Differs for another program, and for a reused pid. */
  readonly program: string;
  readonly read: ReadProcess;
}

type ReadProcess =
  | { readonly kind: 'vm'; readonly process: FoundProcess }
  | { readonly kind: 'other'; readonly process: OtherProcess };

const MAX_CMDLINE = 16 * 1024;

/** Milliseconds of a pass before it yields: a thousand processes must not block others. */
const SLICE_MS = 3;

export class ProcessTable {
  readonly #passes = new SharedRuns(() => this.#pass());
  #known: ReadonlyMap<number, Known> = new Map();

  /** Every living process, from a pass that begins after this call. */
  processes(): Promise<Processes> {
    return this.#passes.join();
  }

  async #pass(): Promise<Processes> {
    const known = new Map<number, Known>();
    const vms: FoundProcess[] = [];
    const others: OtherProcess[] = [];
    let sliceEnd = performance.now() + SLICE_MS;
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      if (performance.now() > sliceEnd) {
        await turn();
        sliceEnd = performance.now() + SLICE_MS;
      }
      const pid = Number(entry);
      const stat = statOf(pid);
      if (stat === null || stat.isDead) continue;
      const program = programOf(stat);
      const before = this.#known.get(pid);
      const read = before?.program === program ? before.read : await readProcess(pid, stat);
      // Zero: the kernel hides it, and a change of program would go unnoticed.
      if (stat.argStart !== '0') known.set(pid, { program, read });
      if (read.kind === 'vm') vms.push(read.process);
      else others.push(read.process);
    }
    this.#known = known;
    return { vms, others };
  }
}

/**
 * A pid and a start time are not enough: a child has its parent's arguments between fork and exec. After exec its
 * arguments are at another address.
 */
const programOf = ({ startTime, argStart, argEnd }: ProcessStat): string => `${startTime} ${argStart} ${argEnd}`;

const readProcess = async (pid: number, { startTime }: ProcessStat): Promise<ReadProcess> => {
  // Asynchronous: it is read from the process's memory, and a process stuck in the kernel may block it.
  const cmdline = (await readProc(`/proc/${pid}/cmdline`)) ?? '';
  const socketPath = socketIn(cmdline);
  const identity = { pid, startTime, bootId: await currentBootId() };
  if (socketPath === null) return { kind: 'other', process: { identity, cmdline: cmdline.slice(0, MAX_CMDLINE) } };
  const epoch = Number(basename(socketPath).slice(1, -'.sock'.length));
  return { kind: 'vm', process: { identity, directory: dirname(socketPath), epoch, socketPath } };
};
