// A command as HTTP or NATS received it, not validated yet, and the result of its acceptance.
import type { OperationState } from '@ironlog/domain';
import type { Action, CommandId, RejectionCode, Request, TenantId, Timestamp, Verb, VmId } from '@ironlog/schemas';

export interface Submission {
  readonly door: 'http' | 'nats';
  /** From the credential (HTTP) or from the subject that the credential is limited to (NATS), never from a body (P9). */
  readonly tenant: TenantId;
  readonly verb: Verb;
  /** Undefined: a create whose id the gateway chooses. */
  readonly vmId: VmId | undefined;
  /** As sent, without any default: a repeated request is recognised by them. */
  readonly params: unknown;
  readonly actor: string;
  readonly requestedAt: Timestamp;
  readonly startBy?: Timestamp | undefined;
  readonly expectedRevision?: number | undefined;
  readonly traceparent?: string | undefined;
  readonly identity: Identity;
}

/**
 * `fresh`: a new command. `key`: an Idempotency-Key. `id`: the client's, or derived from the message's position in its stream.
 */
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
  /** Present when the body could be hashed; stored with the rejection. */
  readonly bodyHash?: string;
}

/** P1: returned only after the server's ack. `repeated`: an earlier submission is answered again. */
export interface Stored {
  readonly kind: 'accepted';
  readonly operation: OperationState;
  readonly repeated: boolean;
  /** Its sequence in WORK; null when EVENTS already has its outcome, or an earlier answer had it. */
  readonly workSequence: number | null;
}

export type Accepted =
  | Stored
  | Refused
  /** It is unknown whether it is stored: the same command (same id) may be submitted again. `reason` is for the caller. */
  | { readonly kind: 'unstored'; readonly id: CommandId; readonly reason: string };

/** A submission that passed validation. */
export interface Validated {
  readonly submission: Submission;
  readonly id: CommandId;
  readonly vmId: VmId;
  readonly action: Action;
  readonly request: Request & { readonly bodyHash: string };
}
