// The read model's long queries, answered by read workers: the reader's methods, with the asker before their arguments.
import { type Positions, type Reader, ReadModelNotReady } from '@ironlog/read-model';
import type { Logger, Metrics } from '@ironlog/service-kit';
import type { PageBody } from './page-body.ts';
import { type Asker, createPool } from './pool.ts';
import type { PageContext, PageName, Question, Reply } from './question.ts';
import { ReadBehind } from './refused.ts';

export interface AskedBy {
  /** Whose share of the workers it uses: a tenant, or a tenant's streams, which must not displace its other requests. */
  readonly party: string;
  /** The answer includes everything up to this position. */
  readonly atLeast: Positions;
  readonly signal: AbortSignal;
}

type ValueName = 'hosts' | 'images' | 'imageUser' | 'vmThen' | 'vmEvents' | 'history';

type AskValue<Name extends ValueName> = (
  by: AskedBy,
  ...args: Parameters<Reader[Name]>
) => Promise<ReturnType<Reader[Name]>>;

/** What the reader's method returns, copied between the threads. Each may throw ReadRefused, ReadBehind or ReadModelNotReady. */
export type Queries = { readonly [Name in ValueName]: AskValue<Name> };

/** `undefined`: an unknown cursor, or no events. */
type Body<Name extends PageName> = Name extends 'attention' ? PageBody : PageBody | undefined;
type AskPage<Name extends PageName> = (
  by: AskedBy & PageContext,
  ...args: Parameters<Reader[Name]>
) => Promise<Body<Name>>;

/**
 * Of a page the gateway's thread gets only bytes: to copy, check and write one takes longer than SQLite needs to read it.
 * Each may throw what a query throws.
 */
export type Pages = { readonly [Name in PageName]: AskPage<Name> };

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

type Answered = Extract<Reply, { kind: 'answer' | 'page' }>;

export interface ReadWorkers {
  readonly queries: Queries;
  readonly pages: Pages;
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
  const ask = async (question: Question, asker: Asker): Promise<Answered> => {
    const reply = await pool.ask(question, asker);
    switch (reply.kind) {
      case 'answer':
      case 'page':
        return reply;
      case 'not-ready':
        throw new ReadModelNotReady('there is no read model yet');
      case 'behind':
        throw new ReadBehind('the read model has not got there in time; try again');
      case 'failed':
        throw reply.error;
      default:
        return reply satisfies never;
    }
  };
  const value =
    <Name extends ValueName>(name: Name): AskValue<Name> =>
    async ({ atLeast, ...asker }, ...args) => {
      const reply = await ask({ name, args, atLeast }, asker);
      if (reply.kind !== 'answer') throw new Error(`a read worker has answered ${name} with a body`);
      // What the reader's method of that name has returned.
      return reply.value as ReturnType<Reader[Name]>;
    };
  const page =
    <Name extends PageName>(name: Name): AskPage<Name> =>
    async ({ atLeast, party, signal, ...context }, ...args) => {
      const reply = await ask({ name, args, atLeast, page: context }, { party, signal });
      if (reply.kind !== 'page') throw new Error(`a read worker has answered ${name} without a body`);
      // What `make-page.ts` makes of the name.
      return reply.body as Body<Name>;
    };
  const queries: Queries = {
    hosts: value('hosts'),
    images: value('images'),
    imageUser: value('imageUser'),
    vmThen: value('vmThen'),
    vmEvents: value('vmEvents'),
    history: value('history'),
  };
  const pages: Pages = {
    vms: page('vms'),
    operations: page('operations'),
    attention: page('attention'),
    usage: page('usage'),
    vmEvents: page('vmEvents'),
  };
  return { queries, pages, ready: pool.ready, stop: () => pool.stop() };
};
