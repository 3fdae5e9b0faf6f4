// The number of open attention entries of all tenants, without their content.
import type { Db } from '../database.ts';

export interface AttentionCounts {
  readonly vm: number;
  readonly host: number;
  readonly quarantined: number;
}

const COUNTS = `
SELECT (SELECT count(*) FROM vms WHERE attention = 1) AS vm,
  (SELECT count(*) FROM hosts WHERE status IN ('halted', 'unreachable')) + (SELECT count(*) FROM wrong_clocks) AS host,
  (SELECT count(*) FROM quarantine) AS quarantined`;

export const prepareAttentionCounts = (db: Db) => {
  const counts = db.prepare<[], AttentionCounts>(COUNTS);
  return (): AttentionCounts => counts.get() ?? { vm: 0, host: 0, quarantined: 0 };
};
