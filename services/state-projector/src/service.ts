// The projector as a service: two files, each folded from the log on its own, each thrown away when it is damaged.
import { createEventLog } from '@ironlog/event-log';
import { createHistoryProjection, createPendingProjection, createStateProjection } from '@ironlog/read-model';
import { STREAMS } from '@ironlog/schemas';
import {
  connectNats,
  createEnding,
  createRuntime,
  ExitCode,
  natsSettings,
  type Runtime,
  requireDurability,
  type Service,
  startOpsServer,
} from '@ironlog/service-kit';
import type { ProjectorConfig } from './env.ts';
import { AnotherStream, follow } from './follower.ts';
import { openFile } from './read-model-file.ts';

export const create = (config: ProjectorConfig, overrides: Partial<Runtime> = {}): Service => {
  const runtime = createRuntime('state-projector', { logLevel: config.IRONLOG_LOG_LEVEL, ...overrides });
  const { logger } = runtime;
  const ending = createEnding();
  const stopping = new AbortController();
  const signal = AbortSignal.any([runtime.signal, stopping.signal]);
  const undo: (() => unknown)[] = [];

  /** A halt is for a human; anything else may be better after a restart, which reopens and checks the files. */
  const onFailure = (error: unknown): void => {
    if (signal.aborted) return;
    logger.fatal({ err: error }, 'a projection has stopped');
    if (error instanceof AnotherStream) return;
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
    for (const name of ['state', 'pending', 'history']) runtime.health.set(name, { ok: false, reason: 'starting' });
    const settings = natsSettings(config);
    const { connection, drain } = await connectNats({
      settings,
      name: 'state-projector',
      runtime: { ...runtime, signal },
      ending,
    });
    undo.push(() => drain());
    await requireDurability({ connection, settings, logger });
    const events = await createEventLog({ connection });
    const work = await createEventLog({ connection, stream: STREAMS.work });
    const [eventsInfo, workInfo] = [await events.info(), await work.info()];
    const state = openFile({ directory, kind: 'state', logger });
    const history = openFile({ directory, kind: 'history', logger });
    undo.push(
      () => state.db.close(),
      () => history.db.close(),
    );
    // Readers get a new file when both of its streams are in it.
    let behind = 2;
    const publishState = (): void => {
      behind -= 1;
      if (behind === 0) state.publish();
    };
    const common = { runtime, signal };
    const following = [
      follow({
        ...common,
        name: 'state',
        stream: STREAMS.events,
        log: events,
        projection: createStateProjection(state.db, eventsInfo),
        onCaughtUp: publishState,
      }),
      follow({
        ...common,
        name: 'pending',
        stream: STREAMS.work,
        log: work,
        projection: createPendingProjection(state.db, workInfo),
        onCaughtUp: publishState,
      }),
      follow({
        ...common,
        name: 'history',
        stream: STREAMS.events,
        log: events,
        projection: createHistoryProjection(history.db, eventsInfo),
        onCaughtUp: history.publish,
      }),
    ];
    for (const one of following) one.catch(onFailure);
    undo.push(() => Promise.allSettled(following));
    logger.info({ port: ops.port, directory }, 'projecting');
  };

  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the projector is stopping'));
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };

  return { start, stop, ended: ending.ended };
};
