// Deletes a VM that no host has claimed: `cancelled` under the VM's expectation, so that claim and cancel cannot both happen.
import { evolve, foldOperation, initialVm, nextEvent, type OperationState, type Vm } from '@ironlog/domain';
import type { EventLog, Recorded } from '@ironlog/event-log';
import {
  type CommandId,
  derivedEventId,
  type HostId,
  type VmEvent,
  vmEventSubject,
  vmFilter,
  type WorkCommand,
} from '@ironlog/schemas';
import { pendingOf } from '../accept/work-command.ts';
import type { OperationIndex } from '../tail/operations.ts';

export type Cancelled =
  | { readonly kind: 'cancelled'; readonly operation: OperationState; readonly sequence: number }
  /** A host was faster: the delete goes to it. */
  | { readonly kind: 'claimed'; readonly host: HostId }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface CancelDeps {
  readonly log: Pick<EventLog, 'append' | 'readSince'>;
  readonly operations: Pick<OperationIndex, 'find'>;
  readonly now: () => Date;
}

/** The command is a delete; `createId` names the create that it cancels. */
export const cancelUnclaimed = async (
  { log, operations, now }: CancelDeps,
  {
    command,
    createId,
    signal,
  }: { readonly command: WorkCommand; readonly createId: CommandId; readonly signal: AbortSignal },
): Promise<Cancelled> => {
  const { tenant, subject: vmId, id } = command;
  const filter = vmFilter(tenant, vmId);
  let vm = fold(initialVm(tenant, vmId), await log.readSince(filter, 0));
  for (;;) {
    if (vm.owner) return { kind: 'claimed', host: vm.owner };
    if (vm.state !== 'absent') return { kind: 'gone' };
    const create = operations.find(tenant, createId);
    const event = cancelledEvent(vm, { command, createId, create, time: now().toISOString() });
    const result = await log.append({
      subject: vmEventSubject(tenant, vmId, 'gateway', 'cancelled'),
      event,
      filter,
      expected: vm.sequence,
      signal,
    });
    if (result.kind === 'unknown') return result;
    if (result.kind === 'committed') {
      const operation = foldOperation(
        id,
        pendingOf(command),
        { kind: 'vm', writer: 'gateway', event },
        result.sequence,
      );
      if (!operation) throw new Error(`cancelled event ${event.id} ends no operation`);
      return { kind: 'cancelled', operation, sequence: result.sequence };
    }
    vm = fold(vm, result.entries);
  }
};

interface Cancelling {
  readonly command: WorkCommand;
  readonly createId: CommandId;
  /** As far as it is known here: it may have been asked for by way of another gateway a moment ago. */
  readonly create: OperationState | undefined;
  readonly time: string;
}

const cancelledEvent = (vm: Vm, { command, createId, create, time }: Cancelling): VmEvent =>
  nextEvent(
    vm,
    {
      name: 'cancelled',
      data: {
        request: command.data.request,
        reason: 'deleted before any host had claimed it',
        cancels: createId,
        // No event before this one speaks of the create, and an operation is a fold of EVENTS alone.
        ...(create && { create: { request: create.request, actor: create.actor } }),
      },
    },
    {
      // The same delete at the same place in the chain is the same event: a retry is recognised as its own success.
      id: derivedEventId(command.tenant, command.id, 'cancelled', String(vm.sequence)),
      time,
      writer: 'gateway',
      actor: command.actor,
      causationid: command.id,
      correlationid: command.correlationid,
      ...(command.traceparent && { traceparent: command.traceparent }),
    },
  );

const fold = (from: Vm, entries: readonly Recorded[]): Vm => {
  let vm = from;
  for (const { sequence, hash, read } of entries) {
    // What is no event still moves the expectation.
    vm =
      read.ok && read.stored.kind === 'vm'
        ? evolve(vm, { sequence, hash, writer: read.stored.writer, event: read.stored.event }).vm
        : { ...vm, sequence };
  }
  return vm;
};
