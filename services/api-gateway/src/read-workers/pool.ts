// The read workers: a few threads behind a queue with shares. A query past its deadline, or whose worker has died, is
// refused, and its worker replaced.
import type { Logger, Metrics } from '@ironlog/service-kit';
import type { Question, Reply } from './question.ts';
import { ReadRefused, type Refusal } from './refused.ts';
import { type QueueLimits, SharedQueue } from './shared-queue.ts';
import { type ReadThread, startThread, type ThreadOptions } from './thread.ts';

export interface PoolOptions extends ThreadOptions, QueueLimits {
  readonly threads: number;
  /** From the query to its answer, including the wait for a worker. */
  readonly deadlineMs: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface Asker {
  /** Whose share of the queue and of the workers it is. */
  readonly party: string;
  /** Aborted when the caller no longer waits for the answer. */
  readonly signal: AbortSignal;
}

export interface Pool {
  /** Resolves when the first worker has loaded its modules, so that the first list need not wait for it. */
  readonly ready: Promise<void>;
  /** @throws ReadRefused */
  ask(question: Question, asker: Asker): Promise<Reply>;
  /** Refuses all queries, and waits at most 2 s for the threads to end. */
  stop(): Promise<void>;
}

interface Job {
  readonly question: Question;
  readonly party: string;
  readonly askedAt: number;
  readonly reply: PromiseWithResolvers<Reply>;
}

const STOP_WITHIN_MS = 2_000;

export const createPool = ({ threads, deadlineMs, metrics, logger, ...options }: PoolOptions): Pool => {
  const queue = new SharedQueue<Job>(options);
  const idle: ReadThread[] = [];
  const running = new Map<ReadThread, Job>();
  /** Past a deadline, and still within SQLite. Each occupies a core, so the total is limited to twice the number of threads. */
  const abandoned = new Set<ReadThread>();
  let isStopping = false;

  const waiting = metrics.gauge('ironlog_read_queue_depth');
  const workers = metrics.gauge('ironlog_read_workers');
  const waited = metrics.histogram('ironlog_read_wait_seconds');
  const duration = metrics.histogram('ironlog_read_duration_seconds');
  const refusals = metrics.counter('ironlog_reads_refused_total');
  const lost = metrics.counter('ironlog_read_workers_lost_total');

  const refuse = (job: Job, reason: Refusal): void => {
    refusals.inc({ reason });
    job.reply.reject(new ReadRefused(reason));
  };
  /** With more than one worker, no party occupies all of them. */
  const mayRun = (party: string): boolean =>
    [...running.values()].filter((job) => job.party === party).length < Math.max(1, threads - 1);

  const mayStart = (): boolean => {
    const inUse = running.size + idle.length;
    return inUse < threads && inUse + abandoned.size < 2 * threads;
  };
  const start = (): ReadThread => {
    const thread = startThread(options);
    void thread.ended.then((err) => {
      abandoned.delete(thread);
      if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1);
      const job = running.get(thread);
      running.delete(thread);
      if (err) {
        lost.inc({ reason: 'died' });
        logger.error({ err, query: job?.question.name }, 'a read worker has died; another is started when needed');
      }
      dispatch();
    });
    return thread;
  };

  const dispatch = (): void => {
    while (!isStopping && (idle.length > 0 || mayStart())) {
      const job = queue.take(mayRun);
      if (!job) break;
      run(job, idle.pop() ?? start());
    }
    waiting.set(queue.size);
    for (const [state, { length }] of Object.entries({ idle, busy: [...running], abandoned: [...abandoned] }))
      workers.set({ state }, length);
  };

  const run = (job: Job, thread: ReadThread): void => {
    const query = job.question.name;
    const startedAt = performance.now();
    waited.observe({ query }, (startedAt - job.askedAt) / 1000);
    running.set(thread, job);
    thread.ask(job.question).then(
      (reply) => {
        if (running.get(thread) !== job) return;
        duration.observe({ query }, (performance.now() - startedAt) / 1000);
        running.delete(thread);
        idle.push(thread);
        job.reply.resolve(reply);
        dispatch();
      },
      () => {
        if (running.get(thread) === job) refuse(job, isStopping ? 'stopping' : 'worker-lost');
      },
    );
  };

  const first = start();
  idle.push(first);

  const abandon = (job: Job): void => {
    const thread = [...running].find(([, its]) => its === job)?.[0];
    if (!thread) return;
    running.delete(thread);
    abandoned.add(thread);
    thread.end();
    lost.inc({ reason: 'deadline' });
    logger.warn(
      { query: job.question.name, deadlineMs },
      'a query is past its deadline; its worker is replaced, and ends after the query',
    );
  };

  const leave = (job: Job, reason: 'deadline' | 'gone'): void => {
    if (!queue.remove(job.party, job)) {
      // A query that its caller abandoned may finish: before its deadline the worker does not count as hanging.
      if (reason === 'gone') return;
      abandon(job);
    }
    refuse(job, reason);
    dispatch();
  };

  return {
    ready: first.ready,
    ask: async (question, { party, signal }) => {
      const job: Job = { question, party, askedAt: performance.now(), reply: Promise.withResolvers<Reply>() };
      const queued = isStopping ? 'stopping' : signal.aborted ? 'gone' : queue.push(party, job);
      if (queued !== 'queued') {
        refuse(job, queued);
        return job.reply.promise;
      }
      const timer = setTimeout(() => leave(job, 'deadline'), deadlineMs);
      const onGone = (): void => leave(job, 'gone');
      signal.addEventListener('abort', onGone, { once: true });
      dispatch();
      try {
        return await job.reply.promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onGone);
      }
    },
    stop: async () => {
      isStopping = true;
      for (let job = queue.take(() => true); job; job = queue.take(() => true)) refuse(job, 'stopping');
      waiting.set(0);
      const all = [...idle, ...running.keys(), ...abandoned];
      for (const thread of all) thread.end();
      const over = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => over.resolve(false), STOP_WITHIN_MS);
      void Promise.all(all.map(({ ended }) => ended)).then(() => over.resolve(true));
      if (!(await over.promise)) logger.warn('a read worker is in a long query; the process ends after it');
      clearTimeout(timer);
    },
  };
};
