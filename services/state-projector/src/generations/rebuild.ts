// A rebuild: the next generation is built while the current one stays in use, and then replaces it.
import type { Kind } from '@ironlog/read-model';
import type { Runtime } from '@ironlog/service-kit';
import type { Fail } from '../failpoints.ts';
import type { LogStreams } from '../streams/log-streams.ts';
import { type Generation, startGeneration } from './generation.ts';
import { newFile, type ReadModelFile, removeTemporaryFiles } from './read-model-file.ts';
import { isDamaged, NotPublished } from './sqlite-failure.ts';

export interface RebuildOptions {
  readonly directory: string;
  readonly kind: Kind;
  readonly streams: LogStreams;
  readonly runtime: Runtime;
  readonly fail: Fail;
  readonly signal: AbortSignal;
  /** Absent: no file is readable, so readers wait until the log's present end is reached. */
  readonly current: Generation | undefined;
  /** Readers have it now; the previous one was stopped. */
  readonly onReplaced: (next: Generation) => void;
}

/** From an empty file. Readers change when it has reached their position: never to a lower checkpoint (I7). */
export const rebuild = (options: RebuildOptions): Generation => {
  const { directory, kind, streams, runtime, fail, signal, current } = options;
  const startedAt = performance.now();
  let done = false;
  // An interrupted rebuild has left its file.
  removeTemporaryFiles(directory, kind, runtime.logger);
  const file = newFile(directory, kind);
  runtime.logger.info({ file: file.path }, 'building from the log');
  return startGeneration({
    kind,
    file,
    streams,
    runtime,
    fail,
    signal,
    serving: current === undefined,
    onApplied: (next) => {
      if (done || !next.isCaughtUp() || (current && !next.isLevelWith(current))) return;
      fail('before-swap');
      publishWhole(file);
      done = true;
      fail('after-swap');
      next.serve();
      current?.stop();
      const durationMs = Math.round(performance.now() - startedAt);
      runtime.logger.info(
        { file: file.path, checkpoint: next.positions()[0], durationMs },
        'built; readers have it now',
      );
      options.onReplaced(next);
      removeTemporaryFiles(directory, kind, runtime.logger);
    },
  });
};

/** @throws NotPublished: it can be retried. */
const publishWhole = (file: ReadModelFile): void => {
  try {
    file.publish();
  } catch (cause) {
    if (isDamaged(cause)) throw cause;
    throw new NotPublished(`${file.path} is built, but the pointer cannot be moved`, { cause });
  }
};
