// The cause of recovery: a failure, valid until the VM has another, or a stop, valid until any later event.
import type { Vm } from '@ironlog/domain';
import type { CommandId, EventId, TenantId, VmEventName, VmId } from '@ironlog/schemas';

/** A stored event. */
export interface Cause {
  readonly id: EventId;
  readonly name: VmEventName;
  readonly tenant: TenantId;
  readonly subject: VmId;
  readonly correlationid?: CommandId | undefined;
  readonly traceparent?: string | undefined;
  /** Its message; undefined: found by a search. */
  readonly message?: { readonly subject: string };
  /** The command that it ended. */
  readonly causationid?: CommandId | undefined;
}

/** The precondition in a command by which `decide` rejects it once the VM has changed. */
export type VoidUnless = { readonly ifFailure: EventId } | { readonly expectedRevision: number };

export const stands = ({ failure, lastStop, state }: Vm, { id }: Cause): boolean =>
  failure?.eventId === id || (state === 'stopped' && lastStop?.eventId === id);
