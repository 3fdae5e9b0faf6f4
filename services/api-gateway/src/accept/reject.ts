// Rejects an accepted command on record when no host can.
import { commandRejected, foldOperation, type OperationState, pendingOperation } from '@ironlog/domain';
import type { EventLog } from '@ironlog/event-log';
import { type Rejection, rejectionSubject, type WorkCommand } from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';

/** `ended`: the command's outcome is in EVENTS. `unknown`: not known yet; the same command may be submitted again. */
export type Ended =
  | { readonly kind: 'ended'; readonly operation: OperationState; readonly repeated: boolean }
  | { readonly kind: 'unknown'; readonly cause: Error };

export type Reject = (command: WorkCommand, rejection: Rejection, signal: AbortSignal) => Promise<Ended>;

export interface RejectDeps {
  readonly log: Pick<EventLog, 'appendRejection'>;
  readonly clock: Clock;
}

export const createReject =
  ({ log, clock }: RejectDeps): Reject =>
  async (command, rejection, signal) => {
    const event = commandRejected(command, rejection, { writer: 'gateway', time: clock.now().toISOString() });
    const appended = await log.appendRejection(rejectionSubject(command.tenant, 'gateway'), event, signal);
    if (appended.kind === 'unknown') return appended;
    if (appended.kind === 'conflict') throw new Error(`rejection ${event.id} has no expectation, and conflicts`);
    const stored = { kind: 'rejection', writer: 'gateway', event } as const;
    const operation = foldOperation(command.id, pendingOperation(command), stored, appended.sequence);
    if (!operation) throw new Error(`rejection ${event.id} ends no operation`);
    return { kind: 'ended', operation, repeated: false };
  };
