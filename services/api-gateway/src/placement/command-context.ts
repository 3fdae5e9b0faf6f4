// A VM and one command of it, folded from the VM's log, for decisions under the VM's expectation.
import { evolve, foldOperation, initialVm, type OperationState, operationsOf, type Vm } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import type { CommandId, WorkCommand } from '@ironlog/schemas';

export interface CommandContext {
  readonly vm: Vm;
  readonly commandId: CommandId;
  /** From the VM's log; undefined when it has no event of the command. */
  readonly operation: OperationState | undefined;
}

/** Before any entry of the log. */
export const initialCommandContext = ({ tenant, subject, id }: WorkCommand): CommandContext => ({
  vm: initialVm(tenant, subject),
  commandId: id,
  operation: undefined,
});

export const foldCommandContext = (before: CommandContext, entries: readonly Recorded[]): CommandContext =>
  entries.reduce(foldEntry, before);

const foldEntry = (commandContext: CommandContext, { sequence, hash, read }: Recorded): CommandContext => {
  const { vm, commandId, operation } = commandContext;
  // An invalid entry also moves the expectation.
  if (!read.ok || read.stored.kind !== 'vm') return { ...commandContext, vm: { ...vm, sequence } };
  const { writer, event } = read.stored;
  const evolved = evolve(vm, { sequence, hash, writer, event });
  // An entry that the VM's fold ignores decides no operation.
  const concerns = evolved.kind === 'folded' && operationsOf(read.stored).includes(commandId);
  const after = concerns ? foldOperation(commandId, operation, read.stored, sequence) : operation;
  return { vm: evolved.vm, commandId, operation: after };
};
