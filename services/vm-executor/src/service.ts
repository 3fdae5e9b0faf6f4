// The executor as a service: connects, proves that it is alone and looks at the right log, then goes to work.

import { join } from 'node:path';
import { createEventLog, createStreamCheck, createWorkQueue, type EventLog } from '@ironlog/event-log';
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
  type Runtime,
  type Service,
  startOpsServer,
} from '@ironlog/service-kit';
import { Admission } from './commands/admission.ts';
import type { ExecutorConfig } from './env.ts';
import { Executor } from './executor.ts';
import { capacityOf } from './host/capacity.ts';
import { catalogueOf } from './host/catalogue.ts';
import { type HeartbeatTimer, startHeartbeat } from './host/heartbeat.ts';
import { takeHostLock } from './host/host-lock.ts';
import { Incarnation } from './host/incarnation.ts';
import { watchIncarnation } from './host/incarnation-watch.ts';
import { whyAnotherLog } from './host/log-identity.ts';
import { StateDirectory } from './host/state-directory.ts';
import type { HostDeps } from './host-deps.ts';
import { ImageCache } from './images/image-cache.ts';
import { serveImages } from './images/image-rpc.ts';
import { hypervisorConfigOf } from './processes/hypervisor-config.ts';
import { serveConsoles } from './vms/console-rpc.ts';
import { newestSnapshot } from './vms/newest-snapshot.ts';

const MIB = 1024 * 1024;

const fetchesOf = (cache: ImageCache): Pick<Heartbeat, 'fetches'> => {
  const fetches = cache.fetches();
  return fetches.length > 0 ? { fetches } : {};
};

export interface Overrides extends Partial<Runtime> {
  /** What it is to work with instead of what was made for it. For tests: one collaborator is a broken one. */
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
    const observe = observeLog(runtime);
    const log = await createEventLog({ connection, observe });
    const queue = await createWorkQueue({ connection, observe });
    const hypervisor: Hypervisor = createHypervisor(await hypervisorConfigOf(config, state.path, runtime.logger));
    const hypervisors = new Map<HypervisorKind, Hypervisor>([[hypervisor.kind, hypervisor]]);
    const images = catalogueOf(config);
    let heartbeatTimer: HeartbeatTimer | undefined;
    let executor: Executor | undefined;
    const imageCache = new ImageCache({
      store: await openImageStore(connection),
      directory: join(state.path, '.images'),
      maxBytes: config.IRONLOG_IMAGE_CACHE_MIB * MIB,
      inUse: async () => (await executor?.imageFiles()) ?? new Set(),
      onChange: () => heartbeatTimer?.soon(),
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
    const incarnation = new Incarnation({ log, host, signal, onSuperseded });
    const deps = collaborators({
      host,
      log,
      queue,
      runtime,
      state,
      hypervisors,
      images,
      imageCache,
      admission,
      incarnation,
      signal,
      healthCheckMs: config.IRONLOG_HEALTH_CHECK_SECONDS * 1000,
      fail: createFailpoints(config.IRONLOG_FAILPOINT),
    });
    const started = new Executor(deps);
    executor = started;
    atStop(() => hypervisor.close());
    atStop(() =>
      incarnation
        .stop()
        .catch((err: unknown) => runtime.logger.warn({ err }, 'the stop is not on record: the log was not reached')),
    );
    atStop(() => started.stop());
    const read = (): Heartbeat => ({
      host,
      incarnation: incarnation.id,
      at: runtime.clock.now().toISOString(),
      status,
      hypervisors: [...hypervisors.keys()],
      images: [...images.values()].map(({ listing }) => listing),
      labels: config.IRONLOG_HOST_LABELS,
      ...started.load(),
      ...fetchesOf(imageCache),
    });
    const halted = await halt(log, incarnation, state);
    if (!halted) {
      const data = {
        incarnation: incarnation.id,
        stateDirectoryId: state.host.stateDirectoryId,
        hypervisors: [...hypervisors.keys()],
        capacity: admission.capacity,
      };
      await incarnation.start({ name: 'executor-started', data });
      atStop(watchIncarnation(incarnation));
    }
    // Before its VMs are brought together with their processes, which may take long: a host that is at it is not silent.
    const heartbeat = await startHeartbeat({ connection, read, logger: runtime.logger });
    heartbeatTimer = heartbeat;
    atStop(async () => {
      status = 'draining';
      await heartbeat.stop();
    });
    if (!halted) {
      await started.start();
      started.consuming.catch((error: unknown) =>
        selfStop.end({ code: 'consume', reason: String(error), exitCode: ExitCode.temporary }),
      );
      if (signal.aborted) return;
      status = 'ready';
      runtime.health.set('reconciled', { ok: true });
      await heartbeat.beat();
    }
    const consoles = serveConsoles({ connection, host, state, logger: runtime.logger });
    atStop(() => consoles.unsubscribe());
    const fetching = serveImages({ connection, host, cache: imageCache, logger: runtime.logger, stop: signal });
    atStop(() => fetching.unsubscribe());
    runtime.logger.info({ hostId: host, incarnation: incarnation.id, port: ops.port, status }, 'ready');
  };

  return { start, stop, ended: selfStop.ended };
};
