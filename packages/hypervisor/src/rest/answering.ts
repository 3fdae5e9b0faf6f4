// Waits until a process that was just started answers on its socket.
import { existsSync } from 'node:fs';
import { deadlineRefusal, type Outcome, refusal } from '../outcome.ts';
import { pause } from '../pause.ts';
import { exitedUnanswered } from '../process/exit/exit-status.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';

const POLL_MS = 5;
const ANSWER_WITHIN_MS = 1000;

/**
 * `ask` is asked again until it is answered, whatever the answer; a process that died is not waited for. While it is
 * starting there is no socket yet: looking for the file is a hundred times cheaper than being refused.
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

/** A socket that answers is not yet our process: whoever answers says who it is. */
export const anotherAnswers = (stage: string, detail: string) =>
  refusal('refused', stage, `${stage}: another process answers on the VM's socket`, detail);
