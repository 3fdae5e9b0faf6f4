// A VM's location: its owner, a pending create, or cancelled before any claim.
import type { Vm } from '@ironlog/domain';
import { type CommandId, commandIdSchema, type HostId, hostIdSchema, type TenantId, type VmId } from '@ironlog/schemas';
import type { Db } from '../database.ts';

export type VmLocation =
  | { readonly kind: 'owned'; readonly host: HostId }
  | { readonly kind: 'pending'; readonly target: HostId | 'any'; readonly createId: CommandId }
  | { readonly kind: 'cancelled' };

export const PENDING_CREATE = `
SELECT id, target FROM pending_commands
WHERE tenant = ? AND vm_id = ? AND verb = 'create' ORDER BY sequence DESC LIMIT 1`;

export const prepareVmLocation = (db: Db, aggregate: (tenant: TenantId, id: VmId) => Vm | undefined) => {
  const pending = db.prepare<[string, string], { id: string; target: string }>(PENDING_CREATE);
  return (tenant: TenantId, id: VmId): VmLocation | undefined => {
    const vm = aggregate(tenant, id);
    if (vm?.owner) return { kind: 'owned', host: vm.owner };
    if (vm?.state === 'deleted') return { kind: 'cancelled' };
    const row = pending.get(tenant, id);
    if (!row) return undefined;
    const target = row.target === 'any' ? 'any' : hostIdSchema.parse(row.target);
    return { kind: 'pending', target, createId: commandIdSchema.parse(row.id) };
  };
};
