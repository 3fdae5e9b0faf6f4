// One generation of one file, updated from its streams until it is stopped or found damaged.
import {
  createHistoryProjection,
  createIngressProjection,
  createPendingProjection,
  createStateProjection,
  type Db,
  type Kind,
  type Projection,
} from '@ironlog/read-model';
import type { Runtime } from '@ironlog/service-kit';
import { type Fail, failingProjection } from '../failpoints.ts';
import { type FollowerEnd, follow } from '../streams/follower.ts';
import type { LogStream, LogStreams } from '../streams/log-streams.ts';
import type { ReadModelFile } from './read-model-file.ts';

export interface GenerationOptions {
  readonly kind: Kind;
  readonly file: ReadModelFile;
  readonly streams: LogStreams;
  readonly runtime: Runtime;
  readonly fail: Fail;
  /** Ends it for good. */
  readonly signal: AbortSignal;
  /** Whether readers have the file from the start. */
  readonly serving: boolean;
  /** Called after every write of rows, and once at the start. */
  readonly onApplied: (generation: Generation) => void;
}

export interface Generation {
  readonly file: ReadModelFile;
  /** Whether it has everything that its streams held when it was started. */
  isCaughtUp(): boolean;
  /** Whether it has at least what `other` has, of each stream. */
  isLevelWith(other: Generation): boolean;
  positions(): readonly number[];
  /** From now on its health and position are the service's. */
  serve(): void;
  stop(): void;
  /** How it ended, with its file closed. Rejects only with a bug, or when the connection is closed for good. */
  readonly ended: Promise<FollowerEnd>;
}

interface Part {
  readonly name: string;
  readonly stream: LogStream;
  readonly projection: Projection;
}

/** The projections of each kind of file, by their names in metrics and health. */
export const PARTS_OF: Readonly<Record<Kind, readonly string[]>> = {
  state: ['state', 'pending', 'door'],
  history: ['history'],
};

const partsOf = (kind: Kind, db: Db, { events, work, commands }: LogStreams): readonly Part[] => {
  if (kind === 'history')
    return [{ name: 'history', stream: events, projection: createHistoryProjection(db, events.info) }];
  return [
    { name: 'state', stream: events, projection: createStateProjection(db, events.info) },
    { name: 'pending', stream: work, projection: createPendingProjection(db, work.info) },
    { name: 'door', stream: commands, projection: createIngressProjection(db, commands.info) },
  ];
};

export const startGeneration = (options: GenerationOptions): Generation => {
  const { kind, file, streams, runtime } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const parts = partsOf(kind, file.db, streams);
  let serving = options.serving;
  const positions = (): number[] =>
    parts.map(({ projection, stream }) => Math.max(projection.checkpoint().sequence, stream.emptyUntil));

  const followAll = async (): Promise<FollowerEnd> => {
    const following = parts.map(({ name, stream, projection }) =>
      follow({
        name,
        stream: stream.name,
        log: stream.log,
        projection: failingProjection(projection, options.fail),
        runtime,
        signal,
        target: stream.emptyUntil > 0 ? 0 : stream.info.lastSequence,
        serving: () => serving,
        onApplied: () => options.onApplied(generation),
      }),
    );
    try {
      // The first one to end stops the others: they share the file.
      return await Promise.race(following);
    } finally {
      stopping.abort(new Error(`${file.path} is not followed any more`));
      await Promise.allSettled(following);
      file.db.close();
    }
  };

  const generation: Generation = {
    file,
    positions,
    isCaughtUp: () => positions().every((at, index) => at >= (parts[index]?.stream.info.lastSequence ?? 0)),
    isLevelWith: (other) => other.positions().every((at, index) => (positions()[index] ?? 0) >= at),
    serve: () => {
      serving = true;
      for (const { name } of parts) runtime.health.set(name, { ok: true });
    },
    stop: () => stopping.abort(new Error(`${file.path} has been replaced`)),
    // Deferred until the caller has the generation that `onApplied` names.
    ended: Promise.resolve().then(followAll),
  };
  return generation;
};
