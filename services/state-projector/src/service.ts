// The projector as a service: two files, each folded from the log independently, each rebuilt when it is damaged.

import { createStreamCheck } from '@ironlog/event-log';
import type { Kind } from '@ironlog/read-model';
import { STREAMS } from '@ironlog/schemas';
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
import type { ProjectorConfig } from './env.ts';
import { PARTS_OF } from './generations/generation.ts';
import { Keeper } from './generations/generation-loop.ts';
import { openStreams } from './streams/log-streams.ts';

const KINDS: readonly Kind[] = ['state', 'history'];

export const create = (config: ProjectorConfig, overrides: Partial<Runtime> = {}): Service => {
  const { runtime, selfStop, atStop, stop } = createLifecycle('state-projector', {
    logLevel: config.IRONLOG_LOG_LEVEL,
    ...overrides,
  });
  const { logger, signal } = runtime;

  /** A restart may help, because it opens and checks the files again. */
  const onFailure = (error: unknown): void => {
    if (signal.aborted) return;
    logger.fatal({ err: error }, 'a projection has stopped');
    selfStop.end({
      code: 'projection',
      reason: error instanceof Error ? error.message : String(error),
      exitCode: ExitCode.temporary,
    });
  };

  const start = async (): Promise<void> => {
    const directory = config.IRONLOG_STATE_DIR;
    const ops = await startOpsServer({
      host: config.IRONLOG_HTTP_HOST,
      port: config.IRONLOG_HTTP_PORT,
      health: runtime.health,
      metrics: runtime.metrics,
    });
    atStop(() => ops.close());
    for (const name of KINDS.flatMap((kind) => PARTS_OF[kind]))
      runtime.health.set(name, { ok: false, reason: 'starting' });
    const { connection, drain } = await openNats({ config, name: 'state-projector', runtime, selfStop });
    atStop(() => drain());
    await checkStreams(runtime, await createStreamCheck(connection, [STREAMS.commands, STREAMS.work, STREAMS.events]));
    const readStreams = await openStreams(connection, observeLog(runtime));
    const fail = createFailpoints(config.IRONLOG_FAILPOINT);
    const keeping = KINDS.map((kind) =>
      new Keeper({ directory, kind, readStreams, runtime, fail, signal }).run().catch(onFailure),
    );
    atStop(() => Promise.all(keeping));
    logger.info({ port: ops.port, directory }, 'projecting');
  };

  return { start, stop, ended: selfStop.ended };
};
