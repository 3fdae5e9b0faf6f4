// The gateway's side of a worker thread: sends it one query at a time, and reports its end once.
import { Worker } from 'node:worker_threads';
import { type Question, READY, type Reply } from './question.ts';

/** A query that needs more ends its thread, and not the gateway. */
const HEAP_MB = 256;

export interface ReadThread {
  /** One at a time. Rejects when the thread ends first. */
  ask(question: Question): Promise<Reply>;
  /** Terminates the thread. A running query is not interrupted: the thread ends after it. */
  end(): void;
  /** Resolves when it can answer at once, or has ended before that. */
  readonly ready: Promise<void>;
  /** Resolves when the thread has ended; with the cause unless that was `end`. */
  readonly ended: Promise<Error | undefined>;
}

export interface ThreadOptions {
  readonly script: URL;
  readonly directory: string;
}

export const startThread = ({ script, directory }: ThreadOptions): ReadThread => {
  const worker = new Worker(script, {
    workerData: { directory },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  // The server and the stop decide how long the process lives.
  worker.unref();
  let asked: PromiseWithResolvers<Reply> | undefined;
  let isToEnd = false;
  let cause: Error | undefined;
  const ended = Promise.withResolvers<Error | undefined>();
  const ready = Promise.withResolvers<void>();
  worker.on('message', (reply: Reply | typeof READY) => {
    if (reply === READY) return ready.resolve();
    asked?.resolve(reply);
    asked = undefined;
  });
  worker.on('error', (error) => {
    cause = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', (code) => {
    const why = cause ?? new Error(`a read worker has ended with exit code ${code}`);
    asked?.reject(why);
    ready.resolve();
    ended.resolve(isToEnd ? undefined : why);
  });
  return {
    ask: (question) => {
      asked = Promise.withResolvers<Reply>();
      worker.postMessage(question);
      return asked.promise;
    },
    end: () => {
      isToEnd = true;
      void worker.terminate();
    },
    ready: ready.promise,
    ended: ended.promise,
  };
};
