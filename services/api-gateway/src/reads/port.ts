// What the gateway asks of the read model; the adapter beside this file answers from SQLite, read-only.
import type { OperationState } from '@ironlog/domain';
import type {
  AttentionItem, CommandId, HostId, OperationStatus, StoredEvent, TenantId, Timestamp, UsageItem, VmId, VmStateName, VmView,
} from '@ironlog/schemas';
import type { Whereabouts } from '../tail/whereabouts.ts';

/** How far the read model has got: stream sequences, by the file and the stream they belong to. */
export interface Positions {
  /** EVENTS as folded into `state`. */
  readonly events: number;
  /** WORK as folded into `state`. */
  readonly work: number;
  /** EVENTS as recorded in `history`. */
  readonly history: number;
}

export interface Page<Item> { readonly items: readonly Item[]; readonly nextCursor: string | null }

export interface VmListing {
  readonly state?: VmStateName | undefined;
  readonly host?: HostId | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly q?: string | undefined;
  readonly includeDeleted: boolean;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface OperationListing {
  readonly vmId?: VmId | undefined;
  readonly status?: OperationStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One moment of the past, by time or by sequence. */
export type Moment = { readonly at: Timestamp } | { readonly sequence: number };

export interface PastEvent { readonly sequence: number; readonly stored: StoredEvent }

export interface UsageRange { readonly from?: Timestamp | undefined; readonly to?: Timestamp | undefined; readonly vmId?: VmId | undefined }

/** Every question names the tenant: another's rows cannot come back (P9). A cursor that is none gives `undefined`. */
export interface Reads {
  positions(): Positions;
  vm(tenant: TenantId, id: VmId): VmView | undefined;
  vmThen(tenant: TenantId, id: VmId, moment: Moment): VmView | undefined;
  vms(tenant: TenantId, listing: VmListing): Page<VmView> | undefined;
  whereabouts(tenant: TenantId, id: VmId): Whereabouts | undefined;
  operation(tenant: TenantId, id: CommandId): OperationState | undefined;
  operations(tenant: TenantId, listing: OperationListing): Page<OperationState> | undefined;
  /** Events of one VM, in order; entries that its fold ignored are not among them. */
  vmEvents(tenant: TenantId, id: VmId, range: { readonly after: number; readonly limit: number }): readonly PastEvent[];
  /** Events of every kind, whoever may see them: the caller filters. In sequence order. */
  history(tenant: TenantId, range: { readonly after: number; readonly limit: number }): readonly PastEvent[];
  /** `hosts`: with what concerns hosts and no tenant. */
  attention(tenant: TenantId, wanted: { readonly hosts: boolean }): readonly AttentionItem[];
  usage(tenant: TenantId, range: UsageRange, now: Timestamp): readonly UsageItem[];
  close(): void;
}
