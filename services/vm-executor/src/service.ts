// The executor as a service: connects, checks that it is alone and has the right log, then starts to work.

import { join } from 'node:path';
import {
  createEventLog,
  createStreamCheck,
  createStreamTimeReader,
  createWorkQueue,
  type EventLog,
} from '@ironlog/event-log';
import { createHypervisor, type Hypervisor } from '@ironlog/hypervisor';
import { openImageStore } from '@ironlog/image-store';
import type { Heartbeat, HypervisorKind } from '@ironlog/schemas';
import { HOSTS_STREAM, IMAGES_STREAM, STREAMS } from '@ironlog/schemas';
import {
  checkStreams,
  createFailpoints,
  createLifecycle,
  ExitCode,
  observeLog,
  openNats,
  processEnvironment,
  type Runtime,
  type Service,
  startOpsServer,
  startStreamTime,
} from '@ironlog/service-kit';
import { Admission } from './commands/admission.ts';
import { serveConsoleFollows } from './console/console-follow-rpc.ts';
import { serveConsoles } from './console/console-rpc.ts';
import { ConsoleWatch } from './console/console-watch.ts';
import type { ExecutorConfig } from './env.ts';
import { Executor } from './executor.ts';
import { capacityOf } from './host/capacity.ts';
import { catalogueOf } from './host/catalogue.ts';
import { ClockWatch } from './host/clock-watch.ts';
import { type HeartbeatTimer, startHeartbeat } from './host/heartbeat.ts';
import { takeHostLock } from './host/host-lock.ts';
import { Incarnation } from './host/incarnation.ts';
import { watchIncarnation } from './host/incarnation-watch.ts';
import { whyAnotherLog } from './host/log-identity.ts';
import { StateDirectory } from './host/state-directory.ts';
import type { HostDeps } from './host-deps.ts';
import { ImageCache } from './images/image-cache.ts';
import { serveImages } from './images/image-rpc.ts';
import { hypervisorConfigsOf } from './processes/hypervisor-config.ts';
import { traceCall } from './processes/trace-call.ts';
import { newestSnapshot } from './vms/newest-snapshot.ts';

const MIB = 1024 * 1024;

const fetchesOf = (cache: ImageCache): Pick<Heartbeat, 'fetches'> => {
  const fetches = cache.fetches();
  return fetches.length > 0 ? { fetches } : {};
};

export interface Overrides extends Partial<Runtime> {
  /** Replaces collaborators. For tests: a collaborator can be a faulty one. */
  readonly collaborators?: (made: HostDeps) => HostDeps;
}

export const create = (config: ExecutorConfig, overrides: Overrides = {}): Service => {
  const { collaborators = (made) => made, ...surroundings } = overrides;
  const { runtime, selfStop, atStop, stop } = createLifecycle('vm-executor', {
    ...surroundings,
    host: config.IRONLOG_HOST_ID,
    logLevel: config.IRONLOG_LOG_LEVEL,
  });
  const { signal } = runtime;
  let status: Heartbeat['status'] = 'starting';

  const halt = async (log: EventLog, incarnation: Incarnation, state: StateDirectory): Promise<boolean> => {
    const other = whyAnotherLog(state.host, await log.info(), newestSnapshot(state));
    if (!other) return false;
    status = 'halted';
    runtime.health.set('log', { ok: false, reason: other.reason });
    runtime.logger.fatal(
      { reason: other.reason, actionRequired: other.actionRequired },
      'halted: this is not the log of this host',
    );
    await incarnation.append({ name: 'executor-halted', data: { incarnation: incarnation.id, ...other } });
    return true;
  };

  const start = async (): Promise<void> => {
    const host = config.IRONLOG_HOST_ID;
    const state = new StateDirectory(config.IRONLOG_STATE_DIR, host);
    atStop(await takeHostLock(state.path));
    const ops = await startOpsServer({
      host: config.IRONLOG_HTTP_HOST,
      port: config.IRONLOG_HTTP_PORT,
      health: runtime.health,
      metrics: runtime.metrics,
    });
    atStop(() => ops.close());
    runtime.health.set('reconciled', { ok: false, reason: 'starting' });
    const { connection, drain } = await openNats({ config, name: `vm-executor ${host}`, runtime, selfStop });
    atStop(() => drain());
    await checkStreams(
      runtime,
      await createStreamCheck(connection, [STREAMS.work, STREAMS.events, HOSTS_STREAM, IMAGES_STREAM]),
    );
    const time = await startStreamTime({ ...runtime, ask: await createStreamTimeReader(connection) });
    const { clock } = time;
    const observe = observeLog(runtime);
    const log = await createEventLog({ connection, observe });
    const queue = await createWorkQueue({ connection, observe });
    const searchPath = processEnvironment().PATH ?? '';
    const hypervisorConfigs = await hypervisorConfigsOf({
      ...{ config, searchPath, stateDirectory: state.path, logger: runtime.logger },
    });
    const hypervisors = new Map<HypervisorKind, Hypervisor>(
      hypervisorConfigs.map((made) => [made.kind, createHypervisor(made, traceCall)]),
    );
    const hypervisorVersions = Object.fromEntries(
      hypervisorConfigs.flatMap((made) => ('version' in made && made.version ? [[made.kind, made.version]] : [])),
    );
    const images = catalogueOf(config);
    let heartbeatTimer: HeartbeatTimer | undefined;
    let executor: Executor | undefined;
    const imageCache = new ImageCache({
      store: await openImageStore(connection),
      directory: join(state.path, '.images'),
      maxBytes: config.IRONLOG_IMAGE_CACHE_MIB * MIB,
      inUse: async () => (await executor?.imageFiles()) ?? new Set(),
      onChange: () => heartbeatTimer?.soon(),
      now: () => clock.now(),
      logger: runtime.logger,
      stop: signal,
    });
    const admission = new Admission(capacityOf(config), () => heartbeatTimer?.soon());
    const onSuperseded = (by: string): void =>
      selfStop.end({
        code: 'superseded',
        reason: `incarnation ${by} has taken over ${host}`,
        exitCode: ExitCode.temporary,
      });
    const incarnation = new Incarnation({ log, host, now: () => clock.now(), signal, onSuperseded });
    let isHalted = false;
    const clockWatch = new ClockWatch({
      bounds: {
        warnMs: config.IRONLOG_CLOCK_WARN_SECONDS * 1000,
        refuseMs: config.IRONLOG_CLOCK_REFUSE_SECONDS * 1000,
      },
      incarnation: incarnation.id,
      // A halted executor appends nothing more to a log that is not its own.
      append: async (fact) => {
        if (!isHalted) await incarnation.append(fact);
      },
      logger: runtime.logger,
    });
    const consoles = new ConsoleWatch({
      keepBytes: config.IRONLOG_CONSOLE_BYTES,
      onError: (err, directory) =>
        runtime.logger.warn(
          { err, directory },
          'a console is not watched by the kernel, or not rotated; it is tried again',
        ),
    });
    const deps = collaborators({
      host,
      log,
      queue,
      runtime: { ...runtime, clock },
      state,
      hypervisors,
      images,
      imageCache,
      admission,
      incarnation,
      signal,
      healthCheckMs: config.IRONLOG_HEALTH_CHECK_SECONDS * 1000,
      whyNoNewVm: () => clockWatch.refusal,
      consoles,
      fail: createFailpoints(config.IRONLOG_FAILPOINT),
    });
    const started = new Executor(deps);
    executor = started;
    atStop(() => consoles.stop());
    atStop(async () => {
      for (const hypervisor of hypervisors.values()) await hypervisor.close();
    });
    atStop(() =>
      incarnation
        .stop()
        .catch((err: unknown) => runtime.logger.warn({ err }, 'the stop was not recorded: the log is unreachable')),
    );
    atStop(() => started.stop());
    const read = (): Heartbeat => ({
      host,
      incarnation: incarnation.id,
      at: clock.now().toISOString(),
      status,
      hypervisors: [...hypervisors.keys()],
      hypervisorVersions,
      images: [...images.values()].map(({ listing }) => listing),
      labels: config.IRONLOG_HOST_LABELS,
      ...started.load(),
      ...clockWatch.reading,
      ...fetchesOf(imageCache),
    });
    isHalted = await halt(log, incarnation, state);
    if (!isHalted) {
      const data = {
        incarnation: incarnation.id,
        stateDirectoryId: state.host.stateDirectoryId,
        hypervisors: [...hypervisors.keys()],
        capacity: admission.capacity,
      };
      await incarnation.start({ name: 'executor-started', data });
      atStop(watchIncarnation(incarnation));
    }
    // Before the reconciliation, which may take long: the host must not look silent meanwhile.
    const heartbeat = await startHeartbeat({
      connection,
      read,
      measureClock: async () => clockWatch.check(await time.measure()),
      logger: runtime.logger,
    });
    heartbeatTimer = heartbeat;
    atStop(() => clockWatch.stop());
    atStop(async () => {
      status = 'draining';
      await heartbeat.stop();
    });
    if (!isHalted) {
      await started.start();
      started.consuming.catch((error: unknown) =>
        selfStop.end({ code: 'consume', reason: String(error), exitCode: ExitCode.temporary }),
      );
      if (signal.aborted) return;
      status = 'ready';
      runtime.health.set('reconciled', { ok: true });
      await heartbeat.beat();
    }
    const rpc = serveConsoles({ connection, host, state, logger: runtime.logger });
    atStop(() => rpc.unsubscribe());
    const follows = serveConsoleFollows({ connection, host, state, consoles, logger: runtime.logger });
    atStop(() => follows.stop());
    const fetching = serveImages({ connection, host, cache: imageCache, logger: runtime.logger, stop: signal });
    atStop(() => fetching.unsubscribe());
    runtime.logger.info({ hostId: host, incarnation: incarnation.id, port: ops.port, status }, 'ready');
  };

  return { start, stop, ended: selfStop.ended };
};
