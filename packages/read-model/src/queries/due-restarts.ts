// VMs whose guest stopped by itself and whose policy restarts it by now. These are candidates; the log decides.
import type { Vm } from '@ironlog/domain';
import type { Timestamp } from '@ironlog/schemas';
import type { Db } from '../database.ts';

const MOST = 1000;

/** A pending command of the VM has priority, also recovery's own boot on an unavailable host. */
export const DUE_RESTARTS = `
SELECT body FROM vms
WHERE restart_at <= ? AND NOT EXISTS (
  SELECT 1 FROM pending_commands AS asked WHERE asked.tenant = vms.tenant AND asked.vm_id = vms.id)
ORDER BY restart_at LIMIT ${MOST}`;

export const prepareDueRestarts = (db: Db) => {
  const due = db.prepare<[string], { body: string }>(DUE_RESTARTS);
  return (now: Timestamp): Vm[] => due.all(now).map(({ body }) => JSON.parse(body) as Vm);
};
