// How a hypervisor process exited before it answered, as a message for the VM's tenant.
import { type Refusal, refusal } from '../../outcome.ts';
import type { ProcessHandle } from '../../process-handle.ts';

export interface ProcessExit {
  /** Null if a signal killed it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** ` (exit code 1)`, ` (SIGKILL)`, or nothing where only another parent knows it. */
export const describeExit = (exit: ProcessExit | undefined): string => {
  if (exit?.signal) return ` (${exit.signal})`;
  return exit && exit.exitCode !== null ? ` (exit code ${exit.exitCode})` : '';
};

/** For a process that died before its first answer. */
export const exitedUnanswered = (stage: string, { identity, socketPath }: ProcessHandle): Refusal =>
  refusal(
    'unreachable',
    stage,
    `${stage}: the hypervisor process ended before it answered`,
    `process ${identity.pid} on ${socketPath}`,
  );
