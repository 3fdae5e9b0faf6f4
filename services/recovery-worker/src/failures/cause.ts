// What recovery answers, and what makes its answer void: a failure while it is the VM's, a stop while nothing has followed it.
import type { Vm } from '@ironlog/domain';
import type { CommandId, EventId, TenantId, VmEventName, VmId } from '@ironlog/schemas';

/** An event on record. */
export interface Cause {
  readonly id: EventId;
  readonly name: VmEventName;
  readonly tenant: TenantId;
  readonly subject: VmId;
  readonly correlationid?: CommandId | undefined;
  readonly traceparent?: string | undefined;
  /** The message that it came as; undefined: a search has found it. */
  readonly message?: { readonly subject: string };
  /** The command that it has ended. */
  readonly causationid?: CommandId | undefined;
}

/** What a command carries for `decide` to reject it by when the VM has moved on. */
export type VoidUnless = { readonly ifFailure: EventId } | { readonly expectedRevision: number };

export const stands = ({ failure, lastStop, state }: Vm, { id }: Cause): boolean =>
  failure?.eventId === id || (state === 'stopped' && lastStop?.eventId === id);
