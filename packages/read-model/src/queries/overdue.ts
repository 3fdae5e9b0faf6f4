// Recovery's searches: tasks past their deadline, commands past their startBy, VMs past their time to live.
import type { Vm } from '@ironlog/domain';
import type { CommandId, TenantId, Timestamp, WorkCommand } from '@ironlog/schemas';
import type { Db } from '../database.ts';

/** Per search: a handled row leaves the result, so that the others follow. */
const MOST = 1000;

/** One tenant's late commands, oldest `startBy` first. */
export interface OverdueRange {
  readonly now: Timestamp;
  /** Exclusive; without it, from the oldest. */
  readonly after?: { readonly startBy: Timestamp; readonly id: CommandId } | undefined;
  readonly limit: number;
}

// One index search per tenant, however many commands it has.
const TENANTS = `
WITH RECURSIVE asking (tenant) AS (
  SELECT min(tenant) FROM pending_commands
  UNION ALL
  SELECT (SELECT min(tenant) FROM pending_commands WHERE tenant > asking.tenant) FROM asking WHERE asking.tenant IS NOT NULL)
SELECT tenant FROM asking
WHERE EXISTS (SELECT 1 FROM pending_commands AS late WHERE late.tenant = asking.tenant AND late.start_by < ?)
ORDER BY tenant`;
const COMMANDS = `
SELECT body FROM pending_commands
WHERE tenant = @tenant AND start_by < @now AND (start_by, id) > (@afterStartBy, @afterId)
ORDER BY start_by, id LIMIT @limit`;

const TASKS = `SELECT body FROM vms WHERE task_deadline < ? ORDER BY task_deadline LIMIT ${MOST}`;
// Recovery's delete waits in WORK while the host is unavailable; after its expiry the VM is found again.
const EXPIRED = `
SELECT body FROM vms
WHERE expires_at < ? AND NOT EXISTS (
  SELECT 1 FROM pending_commands AS sent
  WHERE sent.tenant = vms.tenant AND sent.vm_id = vms.id AND sent.verb = 'delete' AND sent.body ->> '$.data.request.door' = 'recovery')
ORDER BY expires_at LIMIT ${MOST}`;

export const prepareOverdue = (db: Db) => {
  const tasks = db.prepare<[string], { body: string }>(TASKS);
  const tenants = db.prepare<[string], { tenant: TenantId }>(TENANTS);
  const commands = db.prepare<[object], { body: string }>(COMMANDS);
  const vms = db.prepare<[string], { body: string }>(EXPIRED);
  const read = <T>(row: { body: string }): T => JSON.parse(row.body) as T;
  return {
    overdueTasks: (now: Timestamp): Vm[] => tasks.all(now).map((row) => read<Vm>(row)),
    overdueTenants: (now: Timestamp): TenantId[] => tenants.all(now).map(({ tenant }) => tenant),
    overdueCommands: (tenant: TenantId, { now, after, limit }: OverdueRange): WorkCommand[] =>
      commands
        .all({ tenant, now, afterStartBy: after?.startBy ?? '', afterId: after?.id ?? '', limit })
        .map((row) => read<WorkCommand>(row)),
    expiredVms: (now: Timestamp): Vm[] => vms.all(now).map((row) => read<Vm>(row)),
  };
};
