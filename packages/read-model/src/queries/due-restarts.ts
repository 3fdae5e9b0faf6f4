// VMs whose guest has stopped by itself and whose policy answers that by now; the log says whether it still holds.
import type { Vm } from '@ironlog/domain';
import type { Timestamp } from '@ironlog/schemas';
import type { Db } from '../database.ts';

const MOST = 1000;

/** What somebody has asked of a VM, and nobody has decided yet, comes first: also recovery's own boot, on a host that is away. */
export const DUE_RESTARTS = `
SELECT body FROM vms
WHERE restart_at <= ? AND NOT EXISTS (
  SELECT 1 FROM pending_commands AS asked WHERE asked.tenant = vms.tenant AND asked.vm_id = vms.id)
ORDER BY restart_at LIMIT ${MOST}`;

export const prepareDueRestarts = (db: Db) => {
  const due = db.prepare<[string], { body: string }>(DUE_RESTARTS);
  return (now: Timestamp): Vm[] => due.all(now).map(({ body }) => JSON.parse(body) as Vm);
};
