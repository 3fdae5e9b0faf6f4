// One process that is kept running: started again when it ends, later and later while it keeps ending, and always said so.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
/** Who has run this long has not failed at once: the waits start over. */
const STEADY_MS = 10_000;

export interface Supervision {
  readonly name: string;
  /** Starts the process. A rejection counts as an end. */
  launch(): Promise<ChildProcess>;
  /** Told of every start and every end that was not asked for. */
  readonly onStart: (pid: number) => void;
  readonly onEnd: (end: ProcessEnd) => void;
  /** How long SIGTERM may take. */
  readonly stopWithinMs: number;
}

export interface ProcessEnd {
  readonly name: string;
  /** Null when a signal ended it, or it never started. */
  readonly exitCode: number | null;
  readonly reason: string;
  readonly againInMs: number;
}

export interface Supervised {
  readonly name: string;
  /** Ends it for good; resolves when it has ended. */
  stop(): Promise<void>;
}

type Ending = Pick<ProcessEnd, 'exitCode' | 'reason'>;

const endOf = async (child: ChildProcess): Promise<Ending> => {
  if (child.exitCode === null && child.signalCode === null) {
    try {
      await once(child, 'exit');
    } catch (error) {
      return { exitCode: null, reason: error instanceof Error ? error.message : String(error) };
    }
  }
  const { exitCode, signalCode } = child;
  return { exitCode, reason: signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}` };
};

/** Runs it once; a stop that was asked for ends it, gently and then not. */
const runOnce = async ({ launch, onStart, stopWithinMs }: Supervision, stopping: AbortSignal): Promise<Ending> => {
  let child: ChildProcess;
  try {
    child = await launch();
  } catch (error) {
    return { exitCode: null, reason: error instanceof Error ? error.message : String(error) };
  }
  const ended = endOf(child);
  if (child.pid !== undefined) onStart(child.pid);
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    late = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  };
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop, { once: true });
  try {
    return await ended;
  } finally {
    clearTimeout(late);
    stopping.removeEventListener('abort', stop);
  }
};

/** Starts it and keeps it running until `stop`. */
export const supervise = (supervision: Supervision): Supervised => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const keepRunning = async (): Promise<void> => {
    for (let againInMs = FIRST_WAIT_MS; ; againInMs = Math.min(againInMs * 2, LONGEST_WAIT_MS)) {
      const startedAt = performance.now();
      const end = await runOnce(supervision, signal);
      if (signal.aborted) return;
      if (performance.now() - startedAt > STEADY_MS) againInMs = FIRST_WAIT_MS;
      supervision.onEnd({ name: supervision.name, ...end, againInMs });
      await wait(againInMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  };
  const finished = keepRunning();
  return {
    name: supervision.name,
    stop: () => {
      stopping.abort();
      return finished;
    },
  };
};
