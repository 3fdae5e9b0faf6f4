// Ends a process that is certainly the one meant, and waits until it certainly has ended.
import { isAlive, type ProcessIdentity } from './identity.ts';

const POLL_MS = 5;

const until = async (condition: () => boolean, withinMs: number): Promise<boolean> => {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
};

/** `false`: still alive after `withinMs`. */
export const waitForEnd = (identity: ProcessIdentity, withinMs: number): Promise<boolean> =>
  until(() => !isAlive(identity), withinMs);

const signal = (identity: ProcessIdentity, name: NodeJS.Signals): void => {
  // Checked right before: the pid may have been given to another since.
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/** SIGTERM, then SIGKILL after `graceMs` (0: at once). `false`: it outlived even that by `withinMs` (state D, or not ours to signal). */
export const killProcess = async (
  identity: ProcessIdentity,
  { graceMs = 0, withinMs = 5000 } = {},
): Promise<boolean> => {
  if (graceMs > 0) {
    signal(identity, 'SIGTERM');
    if (await waitForEnd(identity, graceMs)) return true;
  }
  signal(identity, 'SIGKILL');
  return waitForEnd(identity, withinMs);
};
