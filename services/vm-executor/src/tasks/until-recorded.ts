// Retries an append until it is recorded (P2, P8), without limit, until the service stops.
import { type Runtime, retry } from '@ironlog/service-kit';
import { Superseded } from '../host/incarnation.ts';
import type { VmRef } from '../host/state-directory.ts';
import { NotFolded, OutcomeUnknown } from '../vms/vm-log.ts';

const BACKOFF = { baseMs: 100, maxMs: 10_000 };

/** The service ends, or every retry would append one more entry that the fold ignores. */
const isFinal = (cause: unknown): boolean =>
  cause instanceof OutcomeUnknown || cause instanceof NotFolded || cause instanceof Superseded;

export interface Recording {
  readonly runtime: Pick<Runtime, 'logger'>;
  readonly signal: AbortSignal;
  readonly ref: VmRef;
  /** For the log line: `a death`. */
  readonly what: string;
}

/** `record` must be idempotent: it decides from the VM's current state (VmLog.append). Rejects when the service stops first. */
export const untilRecorded = <T>({ runtime, signal, ref, what }: Recording, record: () => Promise<T>): Promise<T> => {
  const { tenant, vmId } = ref;
  const onAgain = ({ cause, attempt, waitMs }: { cause: unknown; attempt: number; waitMs: number }): void =>
    runtime.logger.error({ err: cause, tenant, vmId, attempt, waitMs }, `${what} is not recorded yet; it is retried`);
  return retry({ backoff: BACKOFF, signal, onAgain }, async () => {
    try {
      return { kind: 'done', value: await record() };
    } catch (cause) {
      if (isFinal(cause)) throw cause;
      return { kind: 'again', cause };
    }
  });
};
