// CPU time of a process and of its first thread, from the kernel.
import { readFileSync } from 'node:fs';

/** Clock ticks in a second: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100;
/** The fields after the name in parentheses: utime and stime (proc(5), fields 14 and 15). */
const UTIME = 11;
const STIME = 12;

/** Seconds of CPU time of the process so far, in user and kernel mode. Source: /proc/<pid>/stat. */
export const cpuSeconds = (pid: number | undefined): number => {
  if (pid === undefined) throw new Error('the process is not running');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS;
};

/** Milliseconds of CPU time of the process's first thread so far, in which its event loop runs. Source: /proc/<pid>/task/<pid>/schedstat, in ns. */
export const firstThreadMs = (pid: number | undefined): number => {
  if (pid === undefined) throw new Error('the process is not running');
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
};
