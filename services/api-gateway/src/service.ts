// The api-gateway: two doors, placement and answers, wired together and taken down again in the opposite order.

import { createEventLog, createStreamCheck, createWorkQueue, gatewayConsumers } from '@ironlog/event-log';
import { openReader } from '@ironlog/read-model';
import { HOSTS_STREAM, IMAGES_STREAM, STREAMS } from '@ironlog/schemas';
import {
  checkStreams,
  createFailpoints,
  createLifecycle,
  ExitCode,
  observeLog,
  openNats,
  openTokens,
  type Runtime,
  type Service,
} from '@ironlog/service-kit';
import { createCore } from './core.ts';
import type { GatewayConfig } from './env.ts';
import { failingLog, failingQueue } from './failpoints.ts';
import type { App } from './http/api.ts';
import { buildServer } from './http/server/server.ts';
import { consumeBoth } from './ingress/consume-both.ts';
import { handleCutOff } from './ingress/unacknowledged.ts';
import { registerReadModelCheck } from './reads/health.ts';

export interface GatewayService extends Service {
  /** Where HTTP is served, once started. */
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
    const observe = observeLog(runtime);
    const fail = createFailpoints(config.IRONLOG_FAILPOINT);
    const log = failingLog(await createEventLog({ connection, observe }), fail);
    const queue = failingQueue(await createWorkQueue({ connection, observe }), fail);
    observe.probeWith(() => queue.probe());
    const reads = openReader({ directory: config.IRONLOG_READ_MODEL_DIR });
    atStop(() => reads.close());
    atStop(registerReadModelCheck(runtime.health, reads));
    const core = await createCore({ config, runtime, connection, log, queue, reads, signal });
    atStop(() => core.settled);
    core.tailEnded.catch((err: unknown) => {
      logger.error({ err }, 'the tail of EVENTS has ended');
      selfStop.end({
        code: 'tail-ended',
        reason: 'EVENTS cannot be followed any more: see the error before this line',
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
      [gatewayConsumers.door, core.door],
      [gatewayConsumers.placement, core.placement],
    ] as const)
      await handleCutOff({ queue, from, handle, logger });
    const consuming = consumeBoth({
      queue,
      door: core.door,
      placement: core.placement,
      definitions: gatewayConsumers,
      logger,
      signal,
    });
    atStop(() => consuming);
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
