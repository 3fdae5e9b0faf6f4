// Waits until an operation has its outcome, or the timeout; returns the operation at that time.
import { type OperationState, operationsOf } from '@ironlog/domain';
import type { CommandId, TenantId } from '@ironlog/schemas';
import type { OperationIndex } from './operations.ts';
import type { Tail } from './tail.ts';
import type { VmLocations } from './vm-locations.ts';
import { wakeWhen } from './wake.ts';

export interface WaitOperation {
  readonly tenant: TenantId;
  readonly id: CommandId;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `undefined`: there is no such operation. */
export const waitForOperation = async (
  deps: {
    readonly tail: Pick<Tail, 'subscribe'>;
    readonly operations: OperationIndex;
    readonly vmLocation: Pick<VmLocations, 'find'>;
  },
  { tenant, id, timeoutMs, signal }: WaitOperation,
): Promise<OperationState | undefined> => {
  // An accepted operation is already followed; the read model is read once before the wait.
  const before = deps.operations.remembered(tenant, id) ?? deps.operations.find(tenant, id);
  if (!before || before.finishedAt || before.vmId === null) return before;
  // Brings the owner into memory: only its events may end the operation.
  deps.vmLocation.find(tenant, before.vmId);
  deps.operations.follow(before);
  const finished = await wakeWhen({
    tail: deps.tail,
    matters: ({ read }) =>
      read.ok && operationsOf(read.stored).includes(id) && Boolean(deps.operations.remembered(tenant, id)?.finishedAt),
    condition: () => {
      const now = deps.operations.find(tenant, id);
      return now?.finishedAt ? now : undefined;
    },
    timeoutMs,
    signal,
  });
  return finished ?? deps.operations.find(tenant, id);
};
