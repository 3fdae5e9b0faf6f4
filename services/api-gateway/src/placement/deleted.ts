// Answers for a VM that no host has and none will have, deleted before any had claimed it or never made: what an owner
// would say is said here, in the same words.
import { type OperationState, refuse } from '@ironlog/domain';
import type { EventLog } from '@ironlog/event-log';
import { type Rejection, vmFilter, type WorkCommand } from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import { type CommandContext, foldCommandContext, initialCommandContext } from './command-context.ts';

/** `refused`: to be rejected on record. `ended`: the VM's log holds its outcome; `repeated`: it did so before. */
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

/** From a log in which the VM is deleted or absent; an absent one is not asked for a create. */
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
      // The create that was cancelled, or the delete that did it.
      if (!operation) throw new Error(`${vm.tenant}/${vm.id} knows ${command.id}, and its log does not speak of it`);
      return { kind: 'ended', operation, repeated: true };
    case 'left':
    case undefined:
      throw new Error(
        `${vm.tenant}/${vm.id} is ${vm.state} by its log, and ${command.data.action.verb} is its owner's to answer`,
      );
    default:
      return refused satisfies never;
  }
};
