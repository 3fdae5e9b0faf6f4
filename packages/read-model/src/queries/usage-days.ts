// A tenant's usage by day, from one row for each day on which a VM started or stopped.
import type { DayUsage, TenantId, Timestamp } from '@ironlog/schemas';
import type { Db } from '../database.ts';
import { DAY_MS, dayAfter, dayOf } from '../usage-day.ts';

interface Sums {
  readonly vms: number;
  readonly cpus: number;
  readonly memory: number;
}
interface Row {
  day: string;
  vms: number;
  cpus: number;
  memory_mib: number;
  vm_ms: number;
  cpu_ms: number;
  memory_mib_ms: number;
}

export const USAGE_DAYS = `
SELECT day, vms, cpus, memory_mib, vm_ms, cpu_ms, memory_mib_ms FROM usage_days WHERE tenant = ? AND day <= ? ORDER BY day`;

const NONE: Sums = { vms: 0, cpus: 0, memory: 0 };
const sumOf = (one: Sums, other: Sums, times = 1): Sums => ({
  vms: one.vms + other.vms * times,
  cpus: one.cpus + other.cpus * times,
  memory: one.memory + other.memory * times,
});
const changeOf = ({ vms, cpus, memory_mib: memory }: Row): Sums => ({ vms, cpus, memory });
const ranOf = ({ vm_ms: vms, cpu_ms: cpus, memory_mib_ms: memory }: Row): Sums => ({ vms, cpus, memory });
/** Negative if an event's clock was ahead of the reader's. */
const seconds = (ms: number): number => Math.max(0, ms) / 1000;

export const prepareUsageDays = (db: Db) => {
  const list = db.prepare<[string, string], Row>(USAGE_DAYS);
  /** Days on which a VM ran, in order; `since` is the start of a day, and so is `until` unless it is now. */
  return function* (
    tenant: TenantId,
    { since, until }: { readonly since: Timestamp; readonly until: Timestamp },
  ): Generator<DayUsage> {
    const rows = list.all(tenant, dayOf(until));
    let next = 0;
    let running = NONE;
    for (let row = rows[next]; row && row.day < dayOf(since); row = rows[next]) {
      running = sumOf(running, changeOf(row));
      next += 1;
    }
    const first = rows[next]?.day ?? dayOf(until);
    let day = running.vms === 0 ? first : dayOf(since);
    while (Date.parse(day) < Date.parse(until)) {
      const row = rows[next];
      const isOn = row?.day === day;
      const before = running;
      if (isOn) {
        running = sumOf(running, changeOf(row));
        next += 1;
      }
      const allDay = sumOf(isOn ? ranOf(row) : NONE, before, DAY_MS);
      const cut = Math.max(0, Date.parse(day) + DAY_MS - Date.parse(until));
      const ran = sumOf(allDay, running, -cut);
      if (ran.vms > 0)
        yield {
          day,
          runningSeconds: seconds(ran.vms),
          cpuSeconds: seconds(ran.cpus),
          memoryMiBSeconds: seconds(ran.memory),
        };
      const later = rows[next];
      if (running.vms === 0 && !later) return;
      day = running.vms === 0 && later ? later.day : dayAfter(day);
    }
  };
};
