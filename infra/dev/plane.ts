// A development plane: nats-server and the four services as processes of their own, kept running, stopped in order.
import { readFileSync } from 'node:fs';
import { ExitCode } from '@ironlog/service-kit';
import type { NatsServer } from '../nats/nats-process.ts';
import type { ProcessRecord } from './process-record.ts';
import { waitUntilReady } from './readiness.ts';
import { say } from './say.ts';
import type { ServiceProcess } from './service-table.ts';
import { logFileOf, spawnService } from './spawn-service.ts';
import { type ProcessEnd, type Supervised, supervise } from './supervised.ts';

const READY_WITHIN_MS = 120_000;
/** Above the 10 s that a service takes at most to stop by itself. */
const STOP_WITHIN_MS = 12_000;
const SHOWN_LOG_LINES = 5;

export interface PlaneParts {
  readonly stateDir: string;
  readonly nats: NatsServer;
  readonly services: readonly ServiceProcess[];
  readonly record: ProcessRecord;
  readonly signal: AbortSignal;
}

export interface RunningPlane {
  /** Resolves when all are ready. @throws Error naming who is not, why, and its log. */
  ready(): Promise<void>;
  /** Services first, then what `between` does, then nats-server. */
  stop(between: () => Promise<void>): Promise<void>;
}

const lastLines = (file: string): string =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-SHOWN_LOG_LINES).join('\n');

const tellEnd = ({ name, reason, againInMs }: ProcessEnd): void =>
  say(`${name} ended (${reason}); starting it again in ${againInMs} ms`);

/** @throws Error when nats-server does not come up. */
export const startPlane = async ({ stateDir, nats, services, record, signal }: PlaneParts): Promise<RunningPlane> => {
  // Not up at the first start: fatal. Ended later: started again.
  let first: Awaited<ReturnType<NatsServer['launch']>> | undefined = await nats.launch();
  const server = supervise({
    name: 'nats-server',
    launch: async () => {
      const child = first ?? (await nats.launch());
      first = undefined;
      return child;
    },
    onStart: (pid) => record.started('nats-server', pid),
    onEnd: tellEnd,
    stopWithinMs: STOP_WITHIN_MS,
  });
  const urls = new Map<string, string | undefined>(services.map(({ name }) => [name, undefined]));
  const hopeless = new AbortController();
  const supervised: readonly Supervised[] = services.map((service) =>
    supervise({
      name: service.name,
      launch: async () => {
        const { child, url } = await spawnService(service, stateDir);
        urls.set(service.name, url);
        return child;
      },
      onStart: (pid) => record.started(service.name, pid),
      onEnd: (end) => {
        urls.set(service.name, undefined);
        tellEnd(end);
        // What only a person can change fails the same way again; the first start ends there.
        if (end.exitCode === ExitCode.config) hopeless.abort(end.name);
      },
      stopWithinMs: STOP_WITHIN_MS,
    }),
  );
  return {
    ready: async () => {
      const waiting = AbortSignal.any([signal, hopeless.signal]);
      const missing = await waitUntilReady({ urls: () => urls, withinMs: READY_WITHIN_MS, signal: waiting, say });
      if (signal.aborted) return;
      if (hopeless.signal.aborted) {
        const log = logFileOf(stateDir, String(hopeless.signal.reason));
        throw new Error(`${hopeless.signal.reason} refuses to start; the end of ${log}:\n${lastLines(log)}`);
      }
      if (missing.length === 0) return;
      const late = missing.join(', ');
      throw new Error(`not ready after ${READY_WITHIN_MS / 1000} s: ${late}; the logs are in ${stateDir}/logs`);
    },
    stop: async (between) => {
      await Promise.all(supervised.map((service) => service.stop()));
      try {
        await between();
      } finally {
        await server.stop();
      }
    },
  };
};
