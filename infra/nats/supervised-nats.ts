// A supervised nats-server: when it ends unexpectedly it is restarted, on its ports, with its streams.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type NatsOptions, type NatsProcess, prepareNats, stopChild } from './nats-process.ts';
import { watchStore } from './store-watch.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** After this lifetime a server counts as started well: the next delay is the first again. */
const LIVED_WELL_MS = 30_000;

export interface SupervisedNats extends Omit<NatsProcess, 'child'> {
  /** The pid of the current server; undefined while there is none. */
  pid(): number | undefined;
}

const endOf = async (child: ChildProcess): Promise<string> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? `exit ${child.exitCode}`;
};

/** Resolves when it is ready. @throws Error with its log's path when the first start fails. */
export const superviseNats = async (options: NatsOptions, print: (line: string) => void): Promise<SupervisedNats> => {
  const { launch, ...server } = await prepareNats({ ...options, print });
  const stopping = new AbortController();
  const { signal } = stopping;
  let child: ChildProcess | undefined = await launch();

  /** Never rejects: a failed start is printed, and retried. */
  const relaunch = async (): Promise<ChildProcess | undefined> => {
    for (let delayMs = FIRST_DELAY_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      await wait(delayMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      try {
        return await launch();
      } catch (error) {
        print(`nats-server does not start again: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return undefined;
  };
  const keep = async (): Promise<void> => {
    for (let quickEnds = 0; child; ) {
      const startedAt = performance.now();
      const end = await endOf(child);
      child = undefined;
      if (signal.aborted) return;
      quickEnds = performance.now() - startedAt > LIVED_WELL_MS ? 0 : quickEnds + 1;
      print(`nats-server ended (${end}); starting it again`);
      if (quickEnds > 1) await wait(LONGEST_DELAY_MS, undefined, { signal }).catch(() => undefined);
      child = await relaunch();
      if (signal.aborted && child) await stopChild(child);
    }
  };
  const kept = keep();
  const watched = watchStore({
    monitorUrl: server.monitorUrl,
    directory: options.directory,
    print,
    restart: async () => {
      if (child) await stopChild(child);
    },
    signal,
  });
  return {
    ...server,
    pid: () => child?.pid,
    stop: async (force) => {
      stopping.abort();
      if (child) await stopChild(child, force);
      await Promise.all([kept, watched]);
    },
  };
};
