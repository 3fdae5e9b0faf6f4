// Waits until a newly started process answers on its socket.
import { existsSync } from 'node:fs';
import { deadlineRefusal, type Outcome, refusal } from '../outcome.ts';
import { pause } from '../pause.ts';
import { exitedUnanswered } from '../process/exit/exit-status.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';

const POLL_MS = 5;
const ANSWER_WITHIN_MS = 1000;

/**
 * `ask` is repeated until it gets any answer, or the process has died. A starting process has no socket yet: checking
 * for the file is a hundred times cheaper than a refused connection.
 */
export async function answering<T extends object>(
  handle: ProcessHandle,
  stage: string,
  ask: (deadline: AbortSignal) => Promise<Outcome<T>>,
  deadline: AbortSignal,
): Promise<Outcome<T>> {
  for (;;) {
    const asked = existsSync(handle.socketPath)
      ? await ask(AbortSignal.any([deadline, AbortSignal.timeout(ANSWER_WITHIN_MS)]))
      : refusal('unreachable', stage, `${stage}: it has no socket yet`, handle.socketPath);
    if (asked.ok) return asked;
    if (deadline.aborted) return deadlineRefusal(deadline, stage);
    if (asked.code !== 'unreachable' && asked.code !== 'timeout') return asked;
    if (!(await isAlive(handle.identity))) return exitedUnanswered(stage, handle);
    await pause(POLL_MS, deadline);
  }
}

/** For an answer that identifies another process on the socket. */
export const anotherAnswers = (stage: string, detail: string) =>
  refusal('refused', stage, `${stage}: another process answers on the VM's socket`, detail);
