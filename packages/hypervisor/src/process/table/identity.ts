// A process's identity: a pid is reused, so its start time and its boot are included.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot: field 22 of /proc/<pid>/stat, as text, for it may exceed 2^53. */
  readonly startTime: string;
  /** /proc/sys/kernel/random/boot_id: ticks compare only within a boot. */
  readonly bootId: string;
}

export const sameProcess = (a: ProcessIdentity, b: ProcessIdentity): boolean =>
  a.pid === b.pid && a.startTime === b.startTime && a.bootId === b.bootId;

const MISSING = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/** Whether reading a /proc file failed because the process has exited, or is not readable. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && MISSING.has(String(error.code));

/** Text of a /proc file, or null when the process has exited, or is not readable. */
export async function readProc(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

let bootId: string | undefined;
export async function currentBootId(): Promise<string> {
  bootId ??= (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return bootId;
}

export interface ProcessStat {
  /** A zombie (Z), or dead (X). */
  readonly isDead: boolean;
  readonly startTime: string;
  /** The address range of its arguments; 0 where the kernel hides it. */
  readonly argStart: string;
  readonly argEnd: string;
}

/**
 * The used fields of a stat line. The command name may hold blanks and parentheses, so fields are counted from the last
 * ')': state is field 3, start time 22, argument addresses 48 and 49 (proc_pid_stat(5)). Null when malformed.
 */
export function parseStat(stat: string): ProcessStat | null {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const [state, startTime, argStart, argEnd] = [fields[0], fields[19], fields[45], fields[46]];
  if (!state || startTime === undefined || !/^\d+$/.test(startTime)) return null;
  return { isDead: state === 'Z' || state === 'X', startTime, argStart: argStart ?? '0', argEnd: argEnd ?? '0' };
}

/**
 * The stat line of that pid; null when there is no such process. Synchronous: the kernel takes some 10 µs for one; four
 * turns of the thread pool, with 64 KiB of buffer for each, take many times that.
 */
export function statOf(pid: number): ProcessStat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The living process of that pid; null when there is none. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  const stat = statOf(pid);
  if (stat === null || stat.isDead) return null;
  return { pid, startTime: stat.startTime, bootId: await currentBootId() };
}

/** Whether exactly that process is alive. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid);
  return now !== null && sameProcess(now, identity);
}
