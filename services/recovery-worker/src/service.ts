// The recovery-worker: the failures consumer and the periodic searches, started together and stopped in reverse order.

import {
  createEventLog,
  createStreamCheck,
  createStreamTimeReader,
  createWorkQueue,
  LogReplacedError,
  recoveryConsumer,
} from '@ironlog/event-log';
import { HOSTS_STREAM, STREAMS } from '@ironlog/schemas';
import {
  checkStreams,
  createFailpoints,
  createLifecycle,
  ExitCode,
  followStreamTime,
  observeLog,
  openNats,
  type Runtime,
  type Service,
  startOpsServer,
  startStreamTime,
  tracePublish,
} from '@ironlog/service-kit';
import type { RecoveryConfig } from './env.ts';
import { Sender } from './failures/command-publisher.ts';
import { consumeFailure } from './failures/failure-consumer.ts';
import { resumeCutOff } from './failures/resume.ts';
import { openHeartbeats } from './hosts/heartbeats.ts';
import { HostLog } from './hosts/host-log.ts';
import { HostWatch } from './hosts/host-watch.ts';
import { openKnownWriters } from './hosts/known-writers.ts';
import { countAttention } from './searches/count-attention.ts';
import { restartStopped } from './searches/guest-stops.ts';
import { LateCommands } from './searches/late-commands.ts';
import { openReads } from './searches/reads.ts';
import { runSearches, type Search } from './searches/search-loop.ts';
import { reportStuckTasks } from './searches/stuck-tasks.ts';
import { deleteExpiredVms } from './searches/vm-expiry.ts';
import { VmLoader } from './vms/vm-loader.ts';

/** Failures handled at once. A run takes a few milliseconds; waiting ones stay in JetStream. */
const MAX_IN_FLIGHT = 64;
/** A guest that stopped must run again in about a second. A search without a result takes some microseconds. */
const STOPS_EVERY_MS = 250;
const FAILURES = { stream: recoveryConsumer.stream, durable: recoveryConsumer.config.durable_name } as const;

export interface RecoveryService extends Service {
  /** The address of health and metrics, once started. */
  readonly url: () => string;
}

export const create = (config: RecoveryConfig, overrides: Partial<Runtime> = {}): RecoveryService => {
  const { runtime, selfStop, atStop, stop } = createLifecycle('recovery-worker', {
    logLevel: config.IRONLOG_LOG_LEVEL,
    ...overrides,
  });
  const { health, logger, metrics, signal } = runtime;
  let served: string | undefined;

  const fail = (what: string, err: unknown): void => {
    if (signal.aborted) return;
    logger.error({ err }, `${what} has ended`);
    const replaced = err instanceof LogReplacedError;
    selfStop.end({
      code: replaced ? 'log-replaced' : 'consumer-ended',
      reason: `${what} cannot continue: see the error before this line`,
      exitCode: ExitCode.temporary,
    });
  };

  const start = async (): Promise<void> => {
    const ops = await startOpsServer({
      host: config.IRONLOG_HTTP_HOST,
      port: config.IRONLOG_HTTP_PORT,
      health,
      metrics,
    });
    atStop(() => ops.close());
    served = ops.url;
    health.set('recovery', { ok: false, reason: 'starting' });
    const { connection, drain } = await openNats({ config, name: 'recovery-worker', runtime, selfStop });
    atStop(() => drain());
    await checkStreams(runtime, await createStreamCheck(connection, [STREAMS.events, HOSTS_STREAM]));
    const time = await startStreamTime({ ...runtime, ask: await createStreamTimeReader(connection) });
    const { clock } = time;
    const following = followStreamTime(time, runtime);
    atStop(() => following);
    const observe = observeLog(runtime);
    const log = await createEventLog({ connection, observe });
    const queue = await createWorkQueue({ connection, observe });
    observe.probeWith(() => queue.probe());
    const reads = openReads(config.IRONLOG_READ_MODEL_DIR);
    atStop(() => reads.close());

    const failpoint = createFailpoints(config.IRONLOG_FAILPOINT);
    const vms = new VmLoader({ log, reads });
    const publish = tracePublish(queue.publish);
    const sender = new Sender({ queue: { publish }, clock, signal, fail: failpoint });
    const deps = { log, vms, sender, reads, clock, signal, logger, metrics, fail: failpoint };
    const hostDeps = {
      ...deps,
      knownWriters: await openKnownWriters(connection),
      heartbeats: openHeartbeats(connection),
      hostLog: new HostLog({ log, clock, signal, fail: failpoint }),
      silentAfterMs: config.IRONLOG_HOST_SILENT_AFTER_SECONDS * 1000,
      lostAfterMs: config.IRONLOG_HOST_LOST_AFTER_SECONDS * 1000,
    };
    const lateCommands = new LateCommands();
    const hosts = new HostWatch();
    const searches: readonly Search[] = [
      { name: 'hosts', run: () => hosts.check(hostDeps) },
      { name: 'stuck-tasks', run: () => reportStuckTasks(deps) },
      { name: 'late-commands', run: () => lateCommands.expire(deps) },
      { name: 'expired-vms', run: () => deleteExpiredVms(deps) },
      { name: 'attention', run: () => countAttention(deps) },
    ];
    const stops: readonly Search[] = [{ name: 'guest-stops', run: () => restartStopped(deps) }];
    const cutOff = await queue.unacknowledged(FAILURES.stream, FAILURES.durable);
    const resuming = resumeCutOff({ ...deps, messages: cutOff });
    const searching = Promise.all([
      runSearches({ runtime, searches, everyMs: config.IRONLOG_SCAN_SECONDS * 1000, signal }),
      runSearches({ runtime, searches: stops, everyMs: STOPS_EVERY_MS, signal }),
    ]);
    const consuming = queue.consume({
      ...FAILURES,
      maxInFlight: MAX_IN_FLIGHT,
      onDelivery: consumeFailure(deps),
      onError: (err, { subject, streamSequence }) => {
        if (err instanceof LogReplacedError) fail('the failures consumer', err);
        else logger.error({ err, subject, streamSequence }, 'a failure could not be examined: this is a bug');
      },
      signal,
    });
    atStop(() => Promise.allSettled([consuming, searching, resuming]).then(() => undefined));
    consuming.catch((err: unknown) => fail('the failures consumer', err));
    resuming.catch((err: unknown) => fail('the resumption of interrupted failures', err));
    searching.catch((err: unknown) => fail('the periodic search', err));
    health.set('recovery', { ok: true });
  };
  const url = (): string => {
    if (served === undefined) throw new Error('the recovery-worker does not listen yet');
    return served;
  };
  return { start, stop, ended: selfStop.ended, url };
};
