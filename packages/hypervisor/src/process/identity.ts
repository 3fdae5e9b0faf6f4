// A process is known by pid, start time and boot id together: a pid alone is used again.
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot: field 22 of /proc/<pid>/stat (proc(5)). */
  readonly startTime: number;
  /** /proc/sys/kernel/random/boot_id: tells one boot of the machine from another. */
  readonly bootId: string;
}

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

interface Stat {
  readonly state: string;
  readonly startTime: number;
}

const gone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');

const readProc = (pid: number, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (gone(error)) return undefined;
    throw error;
  }
};

// The name in field 2 may hold spaces and brackets: fields are counted from its last bracket.
const statOf = (pid: number): Stat | undefined => {
  const text = readProc(pid, 'stat');
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields ? { state: fields[0] ?? 'X', startTime: Number(fields[19]) } : undefined;
};

const DEAD = ['Z', 'X'];

/** `undefined`: no such process, or only its remains (states Z and X). */
export const identify = (pid: number): ProcessIdentity | undefined => {
  const stat = statOf(pid);
  return stat && !DEAD.includes(stat.state) ? { pid, startTime: stat.startTime, bootId: bootId() } : undefined;
};

export const isAlive = (identity: ProcessIdentity): boolean => {
  const now = identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
};

/** Its arguments; empty for a process that is gone. */
export const argumentsOf = (pid: number): readonly string[] =>
  (readProc(pid, 'cmdline') ?? '').split('\0').filter(Boolean);
