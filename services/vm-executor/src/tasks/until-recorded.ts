// What has happened must get on record (P2, P8): a log or a disk that refuses is asked again, without end, until the service stops.
import { type Runtime, retry } from '@ironlog/service-kit';
import { Superseded } from '../host/incarnation.ts';
import type { VmRef } from '../host/state-directory.ts';
import { NotFolded, OutcomeUnknown } from '../vms/vm-log.ts';

const BACKOFF = { baseMs: 100, maxMs: 10_000 };

/** The service ends, or every repeat would put one more entry on record that nobody reads. */
const isFinal = (cause: unknown): boolean =>
  cause instanceof OutcomeUnknown || cause instanceof NotFolded || cause instanceof Superseded;

export interface Recording {
  readonly runtime: Pick<Runtime, 'logger'>;
  readonly signal: AbortSignal;
  readonly ref: VmRef;
  /** For the log: `a death`. */
  readonly what: string;
}

/** `record` must say nothing twice: it looks at the VM as it stands (VmLog.append). Rejects when the service stops first. */
export const untilRecorded = <T>({ runtime, signal, ref, what }: Recording, record: () => Promise<T>): Promise<T> => {
  const { tenant, vmId } = ref;
  const onAgain = ({ cause, attempt, waitMs }: { cause: unknown; attempt: number; waitMs: number }): void =>
    runtime.logger.error(
      { err: cause, tenant, vmId, attempt, waitMs },
      `${what} is not on record yet; it is tried again`,
    );
  return retry({ backoff: BACKOFF, signal, onAgain }, async () => {
    try {
      return { kind: 'done', value: await record() };
    } catch (cause) {
      if (isFinal(cause)) throw cause;
      return { kind: 'again', cause };
    }
  });
};
