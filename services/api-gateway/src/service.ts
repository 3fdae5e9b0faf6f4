// The api-gateway: HTTP, NATS ingress, placement and reads, started together and stopped in reverse order.

import {
  createEventLog,
  createStreamCheck,
  createStreamTimeReader,
  createWorkQueue,
  gatewayConsumers,
  type WorkQueue,
} from '@ironlog/event-log';
import { openReader } from '@ironlog/read-model';
import { HOSTS_STREAM, IMAGES_STREAM, STREAMS } from '@ironlog/schemas';
import {
  checkStreams,
  createFailpoints,
  createLifecycle,
  ExitCode,
  followStreamTime,
  observeLog,
  openNats,
  openTokens,
  type Runtime,
  type Service,
  startStreamTime,
  tracePublish,
} from '@ironlog/service-kit';
import { createCore } from './core.ts';
import type { GatewayConfig } from './env.ts';
import { failingLog, failingQueue } from './failpoints.ts';
import type { App } from './http/api.ts';
import { buildServer } from './http/server/server.ts';
import { consumeBoth } from './ingress/consume-both.ts';
import { handleCutOff } from './ingress/unacknowledged.ts';
import { createQueries } from './read-workers/queries.ts';
import { registerReadModelCheck } from './reads/health.ts';

export interface GatewayService extends Service {
  /** The address of HTTP, once started. */
  readonly url: () => string;
}

export const create = (config: GatewayConfig, overrides: Partial<Runtime> = {}): GatewayService => {
  const { runtime, selfStop, atStop, stop } = createLifecycle('api-gateway', {
    logLevel: config.IRONLOG_LOG_LEVEL,
    ...overrides,
  });
  const { logger, signal } = runtime;
  let app: App | undefined;

  const start = async (): Promise<void> => {
    const tokens = openTokens(config.IRONLOG_TOKENS_FILE, { clock: runtime.clock, logger });
    const { connection, drain } = await openNats({ config, name: 'api-gateway', runtime, selfStop });
    atStop(() => drain());
    await checkStreams(
      runtime,
      await createStreamCheck(connection, [
        STREAMS.commands,
        STREAMS.work,
        STREAMS.events,
        HOSTS_STREAM,
        IMAGES_STREAM,
      ]),
    );
    const time = await startStreamTime({ ...runtime, ask: await createStreamTimeReader(connection) });
    const following = followStreamTime(time, runtime);
    atStop(() => following);
    const observe = observeLog(runtime);
    const fail = createFailpoints(config.IRONLOG_FAILPOINT);
    const log = failingLog(await createEventLog({ connection, observe }), fail);
    const untraced = failingQueue(await createWorkQueue({ connection, observe }), fail);
    const queue: WorkQueue = { ...untraced, publish: tracePublish(untraced.publish) };
    observe.probeWith(() => queue.probe());
    const reads = openReader({ directory: config.IRONLOG_READ_MODEL_DIR });
    atStop(() => reads.close());
    atStop(registerReadModelCheck(runtime.health, reads));
    const readWorkers = createQueries({
      directory: config.IRONLOG_READ_MODEL_DIR,
      threads: config.IRONLOG_READ_WORKERS,
      metrics: runtime.metrics,
      logger,
    });
    atStop(() => readWorkers.stop());
    const core = await createCore({
      config,
      runtime: { ...runtime, clock: time.clock },
      connection,
      log,
      queue,
      reads,
      readWorkers,
      signal,
    });
    atStop(() => core.ended);
    core.tailEnded.catch((err: unknown) => {
      logger.error({ err }, 'the tail of EVENTS has ended');
      selfStop.end({
        code: 'tail-ended',
        reason: 'EVENTS can no longer be followed: see the error before this line',
        exitCode: ExitCode.temporary,
      });
    });
    app = await buildServer({
      api: core.api,
      tokens,
      logger,
      requestsPerSecond: config.IRONLOG_REQUESTS_PER_SECOND,
      longBodyMs: config.IRONLOG_IMAGE_UPLOAD_SECONDS * 1000,
    });
    const server = app;
    atStop(() => server.close());
    for (const [from, handle] of [
      [gatewayConsumers.ingress, core.ingress],
      [gatewayConsumers.placement, core.placement],
    ] as const)
      await handleCutOff({ queue, from, handle, logger });
    const consuming = consumeBoth({
      queue,
      ingress: core.ingress,
      placement: core.placement,
      definitions: gatewayConsumers,
      logger,
      signal,
    });
    atStop(() => consuming);
    await readWorkers.ready;
    await app.listen({ host: config.IRONLOG_HTTP_HOST, port: config.IRONLOG_HTTP_PORT });
    logger.info({ url: url() }, 'listening');
    void core.api.images.sweep();
  };
  const url = (): string => {
    const address = app?.addresses()[0];
    if (!address || typeof address === 'string') throw new Error('the gateway does not listen yet');
    return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  };
  return { start, stop, ended: selfStop.ended, url };
};
