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

interface Known {
  /** Another program, or another process under that pid, has another. */
  readonly program: string;
  /** Null: no VM's. */
  readonly found: FoundProcess | null;
}

/** Milliseconds of a pass, after which others have their turn: a thousand processes must delay nobody. */
const SLICE_MS = 3;

export class ProcessTable {
  readonly #passes = new SharedRuns(() => this.#pass());
  #known: ReadonlyMap<number, Known> = new Map();

  /** Every living process that is some VM's, as a pass finds them that begins after this call. */
  vmProcesses(): Promise<readonly FoundProcess[]> {
    return this.#passes.join();
  }

  async #pass(): Promise<readonly FoundProcess[]> {
    const known = new Map<number, Known>();
    const all: FoundProcess[] = [];
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
      const found = before?.program === program ? before.found : await read(pid, stat);
      // Zero: the kernel does not show it to us, and we would not notice another program.
      if (stat.argStart !== '0') known.set(pid, { program, found });
      if (found !== null) all.push(found);
    }
    this.#known = known;
    return all;
  }
}

/**
 * A pid and a start time are not enough: a child bears its parent's arguments until it runs a program of its own (fork,
 * then exec), and then its arguments lie elsewhere in its memory.
 */
const programOf = ({ startTime, argStart, argEnd }: ProcessStat): string => `${startTime} ${argStart} ${argEnd}`;

const read = async (pid: number, { startTime }: ProcessStat): Promise<FoundProcess | null> => {
  // Not at once: it is read out of the process's memory, and a process that hangs in the kernel may withhold that.
  const cmdline = await readProc(`/proc/${pid}/cmdline`);
  const socketPath = cmdline === null ? null : socketIn(cmdline);
  if (socketPath === null) return null;
  const identity = { pid, startTime, bootId: await currentBootId() };
  const epoch = Number(basename(socketPath).slice(1, -'.sock'.length));
  return { identity, directory: dirname(socketPath), epoch, socketPath };
};
