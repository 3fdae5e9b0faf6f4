// A command as a door hands it over, before anything in it is believed, and what becomes of it.
import type { OperationState } from '@ironlog/domain';
import type { Action, CommandId, RejectionCode, Request, TenantId, Timestamp, Verb, VmId } from '@ironlog/schemas';

export interface Submission {
  readonly door: 'http' | 'nats';
  /** From the credential (HTTP) or the subject that the credential is limited to (NATS): never from a body (P9). */
  readonly tenant: TenantId;
  readonly verb: Verb;
  /** Undefined: a create whose id is ours to choose. */
  readonly vmId: VmId | undefined;
  /** As they were sent, without any default: a repeated request is known by them. */
  readonly params: unknown;
  readonly actor: string;
  readonly requestedAt: Timestamp;
  readonly startBy?: Timestamp | undefined;
  readonly expectedRevision?: number | undefined;
  readonly traceparent?: string | undefined;
  readonly identity: Identity;
}

/** `fresh`: never seen before. `key`: an Idempotency-Key. `id`: the client's, or derived from the message's place in its stream. */
export type Identity =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'id'; readonly id: CommandId };

export interface Issue {
  readonly path: string;
  readonly message: string;
}

export type RefusalCode = RejectionCode | 'idempotency-mismatch';

/** A command that changed nothing and was not stored. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly reason: string;
  readonly issues?: readonly Issue[];
  /** Where the shape was good enough to have one; it goes on record with the rejection. */
  readonly bodyHash?: string;
}

/** P1: given only after the server's ack. `repeated`: an earlier submission is answered again. */
export interface Stored {
  readonly kind: 'accepted';
  readonly operation: OperationState;
  readonly repeated: boolean;
  /** Where WORK holds it; null where EVENTS holds its outcome already, or an earlier answer told. */
  readonly workSequence: number | null;
}

export type Accepted =
  | Stored
  | Refused
  /** Nobody knows yet whether it is stored: the same command (same id) may be submitted again. `reason` is for the caller. */
  | { readonly kind: 'unstored'; readonly id: CommandId; readonly reason: string };

/** A submission whose shape is good. */
export interface Validated {
  readonly submission: Submission;
  readonly id: CommandId;
  readonly vmId: VmId;
  readonly action: Action;
  readonly request: Request & { readonly bodyHash: string };
}
