// Limits a plane's logs like logrotate's `copytruncate`: the processes keep their open files.
import { copyFile, rm, stat, truncate } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** A log beyond this is copied to `<log>.1` and emptied: each log takes at most twice that. */
export const MAX_LOG_BYTES = 16 * 1024 * 1024;
const EVERY_MS = 5_000;

const sizeOf = async (log: string): Promise<number> => {
  try {
    return (await stat(log)).size;
  } catch {
    // It does not exist yet.
    return 0;
  }
};

/**
 * Rotates one log when it is too large. Lines written between the copy and the truncation are lost. Without space for
 * the copy the log is emptied: the newest lines matter most.
 */
export const rotate = async (log: string, maxBytes = MAX_LOG_BYTES): Promise<boolean> => {
  if ((await sizeOf(log)) <= maxBytes) return false;
  try {
    await copyFile(log, `${log}.1`);
  } catch {
    await rm(`${log}.1`, { force: true });
  }
  await truncate(log);
  return true;
};

/** Checks each log every few seconds until `signal` aborts. A failed rotation is retried, and printed once. */
export const rotateLogs = async (
  logs: readonly string[],
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  const failing = new Set<string>();
  while (!signal.aborted) {
    for (const log of logs) {
      try {
        await rotate(log);
        failing.delete(log);
      } catch (error) {
        if (!failing.has(log))
          print(`${log} cannot be rotated: ${error instanceof Error ? error.message : String(error)}`);
        failing.add(log);
      }
    }
    await wait(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
};
