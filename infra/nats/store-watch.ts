// Watches whether nats-server's streams accept writes, and restarts it when one does not and the disk has space again.
import { statfs } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';

const EVERY_MS = 2_000;
const ANSWER_WITHIN_MS = 2_000;
/** The newest messages of all streams need as much: with less, the restarted server fails at the next write. */
const ENOUGH_BYTES = 4 * 1024 * 1024;

const healthSchema = z.object({ status: z.string(), error: z.string().optional() });

export interface StoreWatchOptions {
  readonly monitorUrl: string;
  /** On the file system of the streams. */
  readonly directory: string;
  readonly print: (line: string) => void;
  /** Ends nats-server; its supervisor restarts it. */
  readonly restart: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Why a stream refuses writes, or undefined. After a failed write, a stream of nats-server 2.15 refuses all others
 * until the server is restarted; `/healthz` then reports `write error` (measured, 2.15.1).
 */
const writeError = async (monitorUrl: string): Promise<string | undefined> => {
  try {
    const response = await fetch(`${monitorUrl}/healthz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const { error } = healthSchema.parse(await response.json());
    return error?.includes('write error') ? error : undefined;
  } catch {
    // A server that does not answer has ended or is starting: that concerns its supervisor, not the store.
    return undefined;
  }
};

/** Resolves when `signal` is aborted. */
export const watchStore = async (options: StoreWatchOptions): Promise<void> => {
  const { monitorUrl, directory, print, restart, signal } = options;
  let isReported = false;
  while (!signal.aborted) {
    await wait(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    const error = signal.aborted ? undefined : await writeError(monitorUrl);
    if (error === undefined) {
      isReported = false;
      continue;
    }
    if (!isReported) print(`nats-server cannot store: ${error}; it is restarted once there is space in ${directory}`);
    isReported = true;
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < ENOUGH_BYTES) continue;
    print('there is space again; restarting nats-server, whose streams refuse writes until then');
    await restart();
  }
};
