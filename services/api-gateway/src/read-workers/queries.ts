// The read model's long queries, answered by read workers: the reader's methods, with the asker before their arguments.
import { type Positions, type Reader, ReadModelNotReady } from '@ironlog/read-model';
import type { Logger, Metrics } from '@ironlog/service-kit';
import { createPool } from './pool.ts';
import type { QuestionName } from './question.ts';
import { ReadBehind } from './refused.ts';

export interface AskedBy {
  /** Whose share of the workers it uses: a tenant, or a tenant's streams, which must not displace its other requests. */
  readonly party: string;
  /** The answer includes everything up to this position. */
  readonly atLeast: Positions;
  readonly signal: AbortSignal;
}

type Ask<Name extends QuestionName> = (
  by: AskedBy,
  ...args: Parameters<Reader[Name]>
) => Promise<ReturnType<Reader[Name]>>;

/** Each may throw ReadRefused, ReadBehind or ReadModelNotReady. */
export type Queries = { readonly [Name in QuestionName]: Ask<Name> };

export interface QueriesOptions {
  readonly directory: string;
  readonly threads: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Queries take some 10 ms each, so that the last of a full queue is answered within the deadline. */
const CAPACITY = 256;
const PER_PARTY = 64;
const DEADLINE_MS = 5_000;

export interface ReadWorkers {
  readonly queries: Queries;
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

export const createQueries = (options: QueriesOptions): ReadWorkers => {
  const pool = createPool({
    ...options,
    script: new URL('./worker.ts', import.meta.url),
    capacity: CAPACITY,
    perParty: PER_PARTY,
    deadlineMs: DEADLINE_MS,
  });
  const ask =
    <Name extends QuestionName>(name: Name): Ask<Name> =>
    async ({ atLeast, ...asker }, ...args) => {
      const reply = await pool.ask({ name, args, atLeast }, asker);
      switch (reply.kind) {
        case 'answer':
          // The return value of the reader's method of that name, copied between threads.
          return reply.value as ReturnType<Reader[Name]>;
        case 'not-ready':
          throw new ReadModelNotReady('there is no read model yet');
        case 'behind':
          throw new ReadBehind('the read model has not reached the position in time; try again');
        case 'failed':
          throw reply.error;
      }
    };
  const queries: Queries = {
    vms: ask('vms'),
    operations: ask('operations'),
    attention: ask('attention'),
    usage: ask('usage'),
    hosts: ask('hosts'),
    images: ask('images'),
    imageUser: ask('imageUser'),
    vmThen: ask('vmThen'),
    vmEvents: ask('vmEvents'),
    history: ask('history'),
  };
  return { queries, ready: pool.ready, stop: () => pool.stop() };
};
