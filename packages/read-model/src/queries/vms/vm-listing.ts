// The parameters of a page of a tenant's VMs.
import type { HostId, VmStateName } from '@ironlog/schemas';

export interface VmListing {
  readonly state?: VmStateName | undefined;
  readonly host?: HostId | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Part of the name or id. */
  readonly q?: string | undefined;
  readonly includeDeleted: boolean;
  readonly limit: number;
  readonly cursor?: string | undefined;
}
