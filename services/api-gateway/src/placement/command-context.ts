// How a VM stands by its own log, and one command to it: for what the gateway decides under the VM's expectation.
import { evolve, foldOperation, initialVm, type OperationState, operationsOf, type Vm } from '@ironlog/domain';
import type { Recorded } from '@ironlog/event-log';
import type { CommandId, WorkCommand } from '@ironlog/schemas';

export interface Standing {
  readonly vm: Vm;
  readonly commandId: CommandId;
  /** As the VM's log tells it; undefined where it does not speak of the command. */
  readonly operation: OperationState | undefined;
}

/** Before any entry of the log. */
export const firstStanding = ({ tenant, subject, id }: WorkCommand): Standing => ({
  vm: initialVm(tenant, subject),
  commandId: id,
  operation: undefined,
});

export const foldStanding = (before: Standing, entries: readonly Recorded[]): Standing =>
  entries.reduce(foldEntry, before);

const foldEntry = (standing: Standing, { sequence, hash, read }: Recorded): Standing => {
  const { vm, commandId, operation } = standing;
  // What is no event still moves the expectation.
  if (!read.ok || read.stored.kind !== 'vm') return { ...standing, vm: { ...vm, sequence } };
  const { writer, event } = read.stored;
  const evolved = evolve(vm, { sequence, hash, writer, event });
  // An entry that the VM's fold ignores decides no operation either.
  const concerns = evolved.kind === 'folded' && operationsOf(read.stored).includes(commandId);
  const after = concerns ? foldOperation(commandId, operation, read.stored, sequence) : operation;
  return { vm: evolved.vm, commandId, operation: after };
};
