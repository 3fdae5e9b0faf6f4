// Kills one process and waits until it is dead. The identity is checked before each signal, because pids are reused.
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from '../table/identity.ts';

export interface KillLimits {
  /** How long SIGTERM may take before SIGKILL; 0 sends SIGKILL at once. Milliseconds. */
  readonly graceMs: number;
  /** How long SIGKILL may take (a process in uninterruptible sleep resists). Milliseconds, default 5000. */
  readonly killMs?: number;
}

export type KillOutcome =
  | { readonly kind: 'dead'; readonly by: 'itself' | 'SIGTERM' | 'SIGKILL' }
  | { readonly kind: 'alive'; readonly reason: string };

const POLL_MS = 10;

/** Idempotent: a process that is already dead, or whose pid was reused, is `dead` by `itself`. */
export async function killProcess(identity: ProcessIdentity, limits: KillLimits): Promise<KillOutcome> {
  if (!(await isAlive(identity))) return { kind: 'dead', by: 'itself' };
  if (limits.graceMs > 0) {
    const refused = send(identity.pid, 'SIGTERM');
    if (refused !== null) return refused;
    if (await diesWithin(identity, limits.graceMs)) return { kind: 'dead', by: 'SIGTERM' };
  }
  const killMs = limits.killMs ?? 5000;
  if (!(await isAlive(identity))) return { kind: 'dead', by: 'SIGTERM' };
  const refused = send(identity.pid, 'SIGKILL');
  if (refused !== null) return refused;
  if (await diesWithin(identity, killMs)) return { kind: 'dead', by: 'SIGKILL' };
  return { kind: 'alive', reason: `process ${identity.pid} still lives ${killMs} ms after SIGKILL` };
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): KillOutcome | null {
  try {
    process.kill(pid, signal);
    return null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return null;
    return { kind: 'alive', reason: `cannot send ${signal} to process ${pid}: ${String(error)}` };
  }
}

async function diesWithin(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (await isAlive(identity)) {
    if (performance.now() >= end) return false;
    await wait(POLL_MS);
  }
  return true;
}
