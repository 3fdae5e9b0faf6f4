// Which lists a VM is in. It leads the keys by which VMs are found: a list of live VMs passes over no deleted one.
// Rowids of `vm_text` are (tenant's number << 42) | (scope << 40) | `created_sequence`: an FTS5 list is in the order of its
// rowids, so that the VMs of one tenant and scope are one range of it. Good for 2^21 tenants, and sequences to 2^40.
import type { StateName } from '@ironlog/domain';

export const SCOPES = {
  live: 0,
  deleted: 1,
  /** In no list: commands of a VM that was never claimed have expired. */
  absent: 2,
} as const;
export type Scope = (typeof SCOPES)[keyof typeof SCOPES];

export const scopeOf = (state: StateName): Scope => {
  if (state === 'absent') return SCOPES.absent;
  return state === 'deleted' ? SCOPES.deleted : SCOPES.live;
};

/** What a part of the name or the id is looked for in: neither holds a line break. */
export const searchText = (name: string, id: string): string => `${name.toLowerCase()}\n${id}`;
