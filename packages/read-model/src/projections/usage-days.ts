// Usage by day: for each tenant and day (UTC) the change of the running sums, and that change's usage until the day's end. A day's
// usage is the earlier sums for the whole day plus this row, so an interval over many days is written only at its two ends.
import type { Db } from '../database.ts';
import { DAY_MS, dayOf } from '../usage-day.ts';

export interface Turn {
  readonly tenant: string;
  readonly at: string;
  readonly cpus: number;
  readonly memoryMiB: number;
}

interface Sums {
  readonly tenant: string;
  readonly day: string;
  vms: number;
  cpus: number;
  memoryMiB: number;
  vmMs: number;
  cpuMs: number;
  memoryMiBMs: number;
}

export class UsageDays {
  /** Since the last commit. */
  readonly #changed = new Map<string, Sums>();
  readonly #add;

  constructor(db: Db) {
    this.#add = db.prepare<[Sums]>(
      `INSERT INTO usage_days (tenant, day, vms, cpus, memory_mib, vm_ms, cpu_ms, memory_mib_ms)
       VALUES (@tenant, @day, @vms, @cpus, @memoryMiB, @vmMs, @cpuMs, @memoryMiBMs)
       ON CONFLICT (tenant, day) DO UPDATE SET vms = vms + excluded.vms, cpus = cpus + excluded.cpus,
         memory_mib = memory_mib + excluded.memory_mib, vm_ms = vm_ms + excluded.vm_ms, cpu_ms = cpu_ms + excluded.cpu_ms,
         memory_mib_ms = memory_mib_ms + excluded.memory_mib_ms`,
    );
  }

  began(turn: Turn): void {
    this.#turn(turn, 1);
  }

  ended(turn: Turn): void {
    this.#turn(turn, -1);
  }

  /** Inside a transaction. */
  write(): void {
    for (const sums of this.#changed.values()) this.#add.run(sums);
  }

  written(): void {
    this.#changed.clear();
  }

  #turn({ tenant, at, cpus, memoryMiB }: Turn, by: 1 | -1): void {
    const day = dayOf(at);
    const key = `${tenant}/${day}`;
    const zero = { tenant, day, vms: 0, cpus: 0, memoryMiB: 0, vmMs: 0, cpuMs: 0, memoryMiBMs: 0 };
    const sums = this.#changed.get(key) ?? zero;
    const left = by * (Date.parse(day) + DAY_MS - Date.parse(at));
    sums.vms += by;
    sums.cpus += by * cpus;
    sums.memoryMiB += by * memoryMiB;
    sums.vmMs += left;
    sums.cpuMs += left * cpus;
    sums.memoryMiBMs += left * memoryMiB;
    this.#changed.set(key, sums);
  }
}
