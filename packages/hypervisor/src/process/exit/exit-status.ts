// A hypervisor process that has ended when it was asked something: how, in words for the VM's tenant.
import { type Refusal, refusal } from '../../outcome.ts';
import type { ProcessHandle } from '../../process-handle.ts';

export interface ProcessExit {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** ` (exit code 1)`, ` (SIGKILL)`, or nothing where only a parent that is not ours has learnt it. */
export const describeExit = (exit: ProcessExit | undefined): string => {
  if (exit?.signal) return ` (${exit.signal})`;
  return exit && exit.exitCode !== null ? ` (exit code ${exit.exitCode})` : '';
};

/** Of a process that died while its first answer was waited for. */
export const exitedUnanswered = (stage: string, { identity, socketPath }: ProcessHandle): Refusal =>
  refusal(
    'unreachable',
    stage,
    `${stage}: the hypervisor process ended before it answered`,
    `process ${identity.pid} on ${socketPath}`,
  );
