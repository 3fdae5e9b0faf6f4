// Builds the event of a fact: the envelope with the VM's next revision and the previous event's hash.
import {
  type CommandId,
  type EventId,
  sourceOf,
  type Timestamp,
  type VmEvent,
  type VmFact,
  vmEventType,
  type Writer,
} from '@ironlog/schemas';
import type { Vm } from './vm.ts';

export interface EventMeta {
  readonly id: EventId;
  readonly time: Timestamp;
  readonly writer: Writer;
  readonly actor: string;
  readonly causationid?: CommandId;
  readonly correlationid?: CommandId;
  readonly traceparent?: string;
}

/**
 * A fact during a task has the task's command as its cause, unless `meta` names another, so every outcome finds its
 * operation.
 */
export const nextEvent = (vm: Vm, fact: VmFact, meta: EventMeta): VmEvent => {
  const { writer, ...attributes } = meta;
  const cause = vm.task
    ? { causationid: vm.task.commandId, correlationid: vm.task.operationId }
    : awaitingCause(vm, fact);
  return {
    specversion: '1.0',
    type: vmEventType(fact.name),
    source: sourceOf(writer),
    subject: vm.id,
    tenant: vm.tenant,
    datacontenttype: 'application/json',
    ...cause,
    ...attributes,
    revision: vm.revision + 1,
    ...(vm.lastHash === null ? {} : { prevhash: vm.lastHash }),
    ...fact,
  };
};

const ENDS_AWAITING: ReadonlySet<VmFact['name']> = new Set(['ready', 'not-ready', 'crashed', 'stopped', 'lost']);

const awaitingCause = ({ awaited }: Vm, { name }: VmFact) =>
  awaited?.command && ENDS_AWAITING.has(name)
    ? { causationid: awaited.command.id, correlationid: awaited.command.operationId }
    : {};
