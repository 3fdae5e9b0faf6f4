// The projector as a service: two files, each folded from the log on its own, each thrown away when it is damaged.
import type { Kind } from '@ironlog/read-model';
import {
  createEnding,
  createFailpoints,
  createRuntime,
  ExitCode,
  observeLog,
  openNats,
  type Runtime,
  type Service,
  startOpsServer,
} from '@ironlog/service-kit';
import type { ProjectorConfig } from './env.ts';
import { PARTS_OF } from './generation.ts';
import { Keeper } from './keeper.ts';
import { openStreams } from './log-streams.ts';

const KINDS: readonly Kind[] = ['state', 'history'];

export const create = (config: ProjectorConfig, overrides: Partial<Runtime> = {}): Service => {
  const runtime = createRuntime('state-projector', { logLevel: config.IRONLOG_LOG_LEVEL, ...overrides });
  const { logger } = runtime;
  const ending = createEnding();
  const stopping = new AbortController();
  const signal = AbortSignal.any([runtime.signal, stopping.signal]);
  const undo: (() => unknown)[] = [];

  /** It may be better after a restart, which opens and checks the files again. */
  const onFailure = (error: unknown): void => {
    if (signal.aborted) return;
    logger.fatal({ err: error }, 'a projection has stopped');
    ending.end({
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
    undo.push(() => ops.close());
    for (const name of KINDS.flatMap((kind) => PARTS_OF[kind]))
      runtime.health.set(name, { ok: false, reason: 'starting' });
    const { connection, drain } = await openNats({
      config,
      name: 'state-projector',
      runtime: { ...runtime, signal },
      ending,
    });
    undo.push(() => drain());
    const look = await openStreams(connection, observeLog(runtime));
    const fail = createFailpoints(config.IRONLOG_FAILPOINT);
    const keeping = KINDS.map((kind) =>
      new Keeper({ directory, kind, look, runtime: { ...runtime, signal }, fail, signal }).run().catch(onFailure),
    );
    undo.push(() => Promise.all(keeping));
    logger.info({ port: ops.port, directory }, 'projecting');
  };

  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the projector is stopping'));
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };

  return { start, stop, ended: ending.ended };
};
