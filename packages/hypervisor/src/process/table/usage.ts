// A process's resource usage: the VM's virtual CPUs are its threads, and its memory is mapped by it.
import { readFile } from 'node:fs/promises';
import { type ProcessIdentity, parseStat, readProc } from './identity.ts';

export interface ProcessUsage {
  /** User and system time of all threads, including exited ones. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly uptimeSeconds: number;
}

/** USER_HZ: the kernel's unit for times, on every architecture that these programs support. */
const TICKS_PER_SECOND = 100;

/** Null when the process has exited. */
export async function usageOf({ pid, startTime }: ProcessIdentity): Promise<ProcessUsage | null> {
  const stat = await readProc(`/proc/${pid}/stat`);
  const parsed = stat === null ? null : parseStat(stat);
  if (stat === null || parsed === null || parsed.isDead || parsed.startTime !== startTime) return null;
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec((await readProc(`/proc/${pid}/status`)) ?? '')?.[1];
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const now = Number((await readFile('/proc/uptime', 'utf8')).split(' ', 1)[0]);
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    residentBytes: Number(resident ?? 0) * 1024,
    uptimeSeconds: Math.max(0, now - Number(startTime) / TICKS_PER_SECOND),
  };
}
