// What needs a human, with the action to take: of a tenant's VMs, and of the hosts and the log itself.
import type { Vm } from '@ironlog/domain';
import type { AttentionItem, TenantId } from '@ironlog/schemas';
import { hostIdSchema } from '@ironlog/schemas';
import type { Db } from '../database.ts';

const MOST = 1000;

const HOST_ADVICE: Readonly<Record<string, string>> = {
  halted: 'read the reason; the executor touches nothing until its log is the right one again',
  unreachable: 'see whether the host runs and reaches NATS; its VMs go on, but nobody watches them',
};

export const prepareAttention = (db: Db) => {
  const vms = db.prepare<[string, number], { body: string }>(
    'SELECT body FROM vms WHERE tenant = ? AND attention = 1 ORDER BY created_sequence LIMIT ?',
  );
  const hosts = db.prepare<[number], { id: string; status: string; since: string; reason: string | null }>(
    "SELECT id, status, since, reason FROM hosts WHERE status IN ('halted', 'unreachable') ORDER BY id LIMIT ?",
  );
  const poison = db.prepare<
    [string, number, number],
    { stream: string; sequence: number; subject: string; reason: string; at: string }
  >(
    'SELECT stream, sequence, subject, reason, at FROM quarantine WHERE tenant = ? OR (tenant IS NULL AND ?) ORDER BY sequence DESC LIMIT ?',
  );
  return (tenant: TenantId, wanted: { readonly hosts: boolean }): AttentionItem[] => {
    const items = vms.all(tenant, MOST).flatMap(({ body }): AttentionItem[] => {
      const vm = JSON.parse(body) as Vm;
      return vm.attention ? [{ ...vm.attention, tenant: vm.tenant, vmId: vm.id, host: vm.owner }] : [];
    });
    for (const { id, status, since, reason } of wanted.hosts ? hosts.all(MOST) : []) {
      items.push({
        kind: `host-${status}`,
        since,
        reason: reason ?? status,
        actionRequired: HOST_ADVICE[status] ?? 'see the reason',
        tenant: null,
        vmId: null,
        host: hostIdSchema.parse(id),
      });
    }
    for (const { stream, sequence, subject, reason, at } of poison.all(tenant, wanted.hosts ? 1 : 0, MOST)) {
      const actionRequired = 'find out who wrote it; it changed nothing, and stays in the stream as evidence';
      items.push({
        kind: 'quarantined',
        since: at,
        reason: `${stream} ${sequence} on ${subject}: ${reason}`,
        actionRequired,
        tenant: null,
        vmId: null,
        host: null,
      });
    }
    return items;
  };
};
