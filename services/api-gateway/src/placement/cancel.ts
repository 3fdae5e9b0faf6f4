// Deletes a VM that no host has claimed: appends `cancelled` under the VM's expectation, so that claim and cancel exclude
// each other.
import { foldOperation, nextEvent, type OperationState, type Vm } from '@ironlog/domain';
import { type EventLog, LogUnavailableError } from '@ironlog/event-log';
import {
  type CommandId,
  derivedEventId,
  type HostId,
  type Rejection,
  type VmEvent,
  vmEventSubject,
  vmFilter,
  type WorkCommand,
} from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import type { OperationIndex } from '../tail/operations.ts';
import { foldCommandContext, initialCommandContext } from './command-context.ts';
import { type Answer, answerFrom } from './deleted.ts';

export type Cancelled =
  | Answer
  /** A host claimed first: the delete is routed to it. */
  | { readonly kind: 'claimed'; readonly host: HostId }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface CancelDeps {
  readonly log: Pick<EventLog, 'append' | 'readSince'>;
  readonly operations: Pick<OperationIndex, 'find'>;
  readonly clock: Clock;
}

/** An unclaimed VM is shown at this revision, whatever commands of it have expired. */
const UNCLAIMED_REVISION = 0;

/** The command is a delete; `createId` names the create to cancel. */
export const cancelUnclaimed = async (
  deps: CancelDeps,
  {
    command,
    createId,
    signal,
  }: { readonly command: WorkCommand; readonly createId: CommandId; readonly signal: AbortSignal },
): Promise<Cancelled> => {
  const { tenant, subject: vmId, data } = command;
  const filter = vmFilter(tenant, vmId);
  const past = await deps.log.readSince(filter, 0).catch(unavailable);
  if (past instanceof LogUnavailableError) return { kind: 'unknown', cause: past };
  let commandContext = foldCommandContext(initialCommandContext(command), past);
  for (;;) {
    const { vm } = commandContext;
    if (vm.owner) return { kind: 'claimed', host: vm.owner };
    if (vm.state !== 'absent') return answerFrom(commandContext, command, deps.clock);
    if ((data.expectedRevision ?? UNCLAIMED_REVISION) !== UNCLAIMED_REVISION)
      return { kind: 'refused', rejection: mismatch(data.expectedRevision) };
    const create = deps.operations.find(tenant, createId);
    const event = cancelledEvent(vm, { command, createId, create, time: deps.clock.now().toISOString() });
    const subject = vmEventSubject(tenant, vmId, 'gateway', 'cancelled');
    const result = await deps.log.append({ subject, event, filter, expected: vm.sequence, signal });
    if (result.kind === 'unknown') return result;
    if (result.kind === 'conflict') {
      commandContext = foldCommandContext(commandContext, result.entries);
      continue;
    }
    const operation = foldOperation(command.id, undefined, { kind: 'vm', writer: 'gateway', event }, result.sequence);
    if (!operation) throw new Error(`cancelled event ${event.id} ends no operation`);
    return { kind: 'ended', operation, repeated: false };
  }
};

const mismatch = (expected: number | undefined): Rejection => ({
  code: 'revision-mismatch',
  reason: `the VM is at revision ${UNCLAIMED_REVISION}, not ${expected}; read it again`,
  currentState: 'pending',
  allowed: ['delete'],
});

/** Nothing is decided then, and the delete may be sent again. */
const unavailable = (error: unknown): LogUnavailableError => {
  if (error instanceof LogUnavailableError) return error;
  throw error;
};

interface Cancelling {
  readonly command: WorkCommand;
  readonly createId: CommandId;
  /** If known here: it may have been accepted by another gateway just now. */
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
        ...(create && { create: { request: { ...create.request, verb: 'create' }, actor: create.actor } }),
      },
    },
    {
      // The same delete at the same revision gives the same event id: a retry is recognised as its own success.
      id: derivedEventId(command.tenant, command.id, 'cancelled', String(vm.sequence)),
      time,
      writer: 'gateway',
      actor: command.actor,
      causationid: command.id,
      correlationid: command.correlationid,
      ...(command.traceparent && { traceparent: command.traceparent }),
    },
  );
