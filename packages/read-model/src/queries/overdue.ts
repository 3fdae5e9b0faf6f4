// What recovery looks for: tasks past their deadline, commands past their startBy, VMs past their time.
import type { Vm } from '@ironlog/domain';
import type { Timestamp, WorkCommand } from '@ironlog/schemas';
import type { Db } from '../database.ts';

const MOST = 1000;

export const prepareOverdue = (db: Db) => {
  const tasks = db.prepare<[string, number], { body: string }>(
    'SELECT body FROM vms WHERE task_deadline < ? ORDER BY task_deadline LIMIT ?',
  );
  const commands = db.prepare<[string, number], { body: string }>(
    'SELECT body FROM pending_commands WHERE start_by < ? ORDER BY start_by LIMIT ?',
  );
  const vms = db.prepare<[string, number], { body: string }>(
    'SELECT body FROM vms WHERE expires_at < ? ORDER BY expires_at LIMIT ?',
  );
  const read = <T>(row: { body: string }): T => JSON.parse(row.body) as T;
  return {
    overdueTasks: (now: Timestamp): Vm[] => tasks.all(now, MOST).map((row) => read<Vm>(row)),
    overdueCommands: (now: Timestamp): WorkCommand[] => commands.all(now, MOST).map((row) => read<WorkCommand>(row)),
    expiredVms: (now: Timestamp): Vm[] => vms.all(now, MOST).map((row) => read<Vm>(row)),
  };
};
