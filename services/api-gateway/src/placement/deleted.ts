// Answers commands for a VM that no host has or will have: cancelled before any claim, or never created. The answers
// equal an owner's.
import { type OperationState, refuse } from '@ironlog/domain';
import type { EventLog } from '@ironlog/event-log';
import { type Rejection, vmFilter, type WorkCommand } from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import { type CommandContext, foldCommandContext, initialCommandContext } from './command-context.ts';

/** `refused`: must be rejected on record. `ended`: the VM's log has its outcome; `repeated`: it had it before. */
export type Answer =
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  | { readonly kind: 'ended'; readonly operation: OperationState; readonly repeated: boolean };

export interface DeletedDeps {
  readonly log: Pick<EventLog, 'readSince'>;
  readonly clock: Clock;
}

/** @throws LogUnavailableError */
export const answerForDeleted = async ({ log, clock }: DeletedDeps, command: WorkCommand): Promise<Answer> => {
  const entries = await log.readSince(vmFilter(command.tenant, command.subject), 0);
  return answerFrom(foldCommandContext(initialCommandContext(command), entries), command, clock);
};

/** From a log in which the VM is deleted or absent; not called for a create of an absent one. */
export const answerFrom = ({ vm, operation }: CommandContext, command: WorkCommand, clock: Clock): Answer => {
  const refused = refuse(vm, command, { now: clock.now().toISOString() });
  switch (refused?.kind) {
    case 'rejected':
      return { kind: 'refused', rejection: refused.rejection };
    case 'expired':
      return {
        kind: 'refused',
        rejection: { code: 'expired', reason: refused.fact.data.reason, currentState: vm.state },
      };
    case 'duplicate':
      // The cancelled create, or the delete that cancelled it.
      if (!operation) throw new Error(`${vm.tenant}/${vm.id} knows ${command.id}, and its log has no event of it`);
      return { kind: 'ended', operation, repeated: true };
    case 'left-to-recovery':
    case undefined:
      throw new Error(
        `${vm.tenant}/${vm.id} is ${vm.state} by its log, and ${command.data.action.verb} is its owner's to answer`,
      );
    default:
      return refused satisfies never;
  }
};
