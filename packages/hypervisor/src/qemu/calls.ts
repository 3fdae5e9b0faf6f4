// QMP's commands as "ensure" steps: read the run state, and act only where the step is legal (P6).
import { z } from 'zod';
import { deadlineRefusal, type Outcome, refusal } from '../outcome.ts';
import { pause } from '../pause.ts';
import type { ObservedState } from '../port.ts';
import { exitedUnanswered } from '../process/exit/exit-status.ts';
import { isAlive } from '../process/table/identity.ts';
import type { ProcessHandle } from '../process-handle.ts';
import type { QmpLinks } from './links.ts';
import type { QmpAnswer } from './qmp-connection.ts';

const statusSchema = z.object({ status: z.string() });

// QEMU's RunState; any other (internal-error, io-error, guest-panicked …) is unknown.
const OBSERVED: Readonly<Record<string, ObservedState>> = {
  prelaunch: 'created',
  running: 'running',
  paused: 'paused',
  shutdown: 'shutdown',
};

const CONNECT_POLL_MS = 5;

export interface QemuStep {
  readonly execute: 'cont' | 'stop';
  readonly from: ObservedState;
  readonly to: ObservedState;
}

/** One QMP command to the handle's process. */
export const command = (
  links: QmpLinks,
  handle: ProcessHandle,
  execute: string,
  deadline: AbortSignal,
): Promise<QmpAnswer> =>
  links.trace({ method: execute, socketPath: handle.socketPath }, () => poll(links, handle, execute, deadline));

/** Untraced, for polling. */
export async function poll(
  links: QmpLinks,
  handle: ProcessHandle,
  execute: string,
  deadline: AbortSignal,
): Promise<QmpAnswer> {
  const link = await links.connection(handle.socketPath, deadline);
  return link.ok ? link.connection.execute({ execute }, deadline) : link;
}

/** `ask`: how to query QEMU, `poll` in a loop. */
export async function readState(
  links: QmpLinks,
  handle: ProcessHandle,
  deadline: AbortSignal,
  ask = command,
): Promise<Outcome<{ readonly state: ObservedState }>> {
  const answer = await ask(links, handle, 'query-status', deadline);
  if (!answer.ok) return answer;
  const status = statusSchema.safeParse(answer.value);
  if (status.success) return { ok: true, state: OBSERVED[status.data.status] ?? 'unknown' };
  return refusal('bad-answer', 'qmp.query-status', 'qmp.query-status: QEMU returned no status');
}

/** Checks first: QEMU accepts `cont` and `stop` in any state, so rules are enforced here. */
export async function ensure(
  links: QmpLinks,
  handle: ProcessHandle,
  step: QemuStep,
  deadline: AbortSignal,
): Promise<Outcome> {
  const before = await readState(links, handle, deadline);
  if (!before.ok || before.state === step.to) return before;
  if (before.state !== step.from)
    return refusal(
      'refused',
      `qmp.${step.execute}`,
      `qmp.${step.execute}: the VM is ${before.state}, not ${step.from} or ${step.to}`,
    );
  const answer = await command(links, handle, step.execute, deadline);
  return answer.ok ? { ok: true } : answer;
}

/** Waits until QEMU answers; its socket appears some ms after the spawn. A dead process ends the wait. */
export async function answering(links: QmpLinks, handle: ProcessHandle, deadline: AbortSignal): Promise<Outcome> {
  for (;;) {
    const now = await readState(links, handle, deadline, poll);
    if (now.ok || now.code !== 'unreachable') return now;
    if (!(await isAlive(handle.identity))) return exitedUnanswered('spawn', handle);
    await pause(CONNECT_POLL_MS, deadline);
    if (deadline.aborted) return deadlineRefusal(deadline, 'qmp.greeting');
  }
}
