// The machine's processes that are some VM's, by what their arguments say: one pass over /proc serves all who ask.
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { socketIn } from '../launch/vm-socket.ts';
import { currentBootId, type ProcessIdentity, type ProcessStat, readProc, statOf } from './identity.ts';
import { SharedRuns } from './shared-runs.ts';

export interface FoundProcess {
  readonly identity: ProcessIdentity;
  /** The VM directory that its argv holds. */
  readonly directory: string;
  /** From the socket's name. */
  readonly epoch: number;
  readonly socketPath: string;
}

/** A living process that is no VM's as far as its arguments can be read. */
export interface OtherProcess {
  readonly identity: ProcessIdentity;
  /** Separated by NULs; its beginning, where it is very long. */
  readonly cmdline: string;
}

export interface Processes {
  readonly vms: readonly FoundProcess[];
  readonly others: readonly OtherProcess[];
}

interface Known {
  /** Another program, or another process under that pid, has another. */
  readonly program: string;
  readonly read: ReadProcess;
}

type ReadProcess =
  | { readonly kind: 'vm'; readonly process: FoundProcess }
  | { readonly kind: 'other'; readonly process: OtherProcess };

const MAX_CMDLINE = 16 * 1024;

/** Milliseconds of a pass, after which others have their turn: a thousand processes must delay nobody. */
const SLICE_MS = 3;

export class ProcessTable {
  readonly #passes = new SharedRuns(() => this.#pass());
  #known: ReadonlyMap<number, Known> = new Map();

  /** Every living process, as a pass finds them that begins after this call. */
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
      // Zero: the kernel does not show it to us, and we would not notice another program.
      if (stat.argStart !== '0') known.set(pid, { program, read });
      if (read.kind === 'vm') vms.push(read.process);
      else others.push(read.process);
    }
    this.#known = known;
    return { vms, others };
  }
}

/**
 * A pid and a start time are not enough: a child bears its parent's arguments until it runs a program of its own (fork,
 * then exec), and then its arguments lie elsewhere in its memory.
 */
const programOf = ({ startTime, argStart, argEnd }: ProcessStat): string => `${startTime} ${argStart} ${argEnd}`;

const readProcess = async (pid: number, { startTime }: ProcessStat): Promise<ReadProcess> => {
  // Not at once: it is read out of the process's memory, and a process that hangs in the kernel may withhold that.
  const cmdline = (await readProc(`/proc/${pid}/cmdline`)) ?? '';
  const socketPath = socketIn(cmdline);
  const identity = { pid, startTime, bootId: await currentBootId() };
  if (socketPath === null) return { kind: 'other', process: { identity, cmdline: cmdline.slice(0, MAX_CMDLINE) } };
  const epoch = Number(basename(socketPath).slice(1, -'.sock'.length));
  return { kind: 'vm', process: { identity, directory: dirname(socketPath), epoch, socketPath } };
};
