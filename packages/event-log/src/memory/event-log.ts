// The event log in memory, for tests: same append, same port, and a link that can lose messages.
import { append, appendRejection } from '../append.ts';
import type { Observe } from '../observation.ts';
import type { EventLog, Recorded, TailOptions } from '../port.ts';
import { type Loss, type MemoryStream, memoryStore, memoryStream } from './memory-store.ts';

export interface MemoryEventLogOptions {
  /** Two logs with the same stream are two writers of one log. */
  readonly stream?: MemoryStream;
  /** Read before every exchange; a lost exchange is retried until it returns `nothing`. */
  readonly loss?: () => Loss;
  readonly observe?: Observe;
}

export const createMemoryEventLog = (options: MemoryEventLogOptions = {}): EventLog => {
  const stream = options.stream ?? memoryStream();
  const store = memoryStore(stream, options.loss ?? (() => 'nothing'));
  const deps = { store, observe: options.observe ?? (() => undefined) };
  return {
    append: (request) => append(deps, request),
    appendRejection: (subject, event, signal) => appendRejection(deps, { subject, event, ...(signal && { signal }) }),
    readSince: store.readSince,
    replay: async function* ({ after, until, signal }) {
      const batches = follow(stream, after, signal ?? new AbortController().signal);
      if (until <= after) return;
      for await (const batch of batches) {
        for (const entry of batch) {
          if (entry.sequence > until || signal?.aborted) return;
          yield entry;
          if (entry.sequence === until) return;
        }
      }
    },
    tail: async ({ after, onBatch, signal }: TailOptions) => {
      for await (const batch of follow(stream, after, signal)) await onBatch(batch);
    },
    info: store.info,
  };
};

const follow = async function* (
  stream: MemoryStream,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Recorded[]> {
  let handled = after;
  while (!signal.aborted) {
    const batch = stream.entries.slice(handled);
    if (batch.length > 0) {
      yield batch;
      handled += batch.length;
    } else {
      await changed(stream, signal);
    }
  }
};

const changed = async (stream: MemoryStream, signal: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onChange = (): void => resolve();
  stream.listeners.add(onChange);
  signal.addEventListener('abort', onChange, { once: true });
  await promise;
  stream.listeners.delete(onChange);
  signal.removeEventListener('abort', onChange);
};
