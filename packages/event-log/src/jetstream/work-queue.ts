// WORK and COMMANDS behind the port, over a connection that the caller owns and closes.
import { STREAMS } from '@ironlog/schemas';
import type { WorkQueue } from '../queue-port.ts';
import { type ConnectOptions, depsOf } from './connect-options.ts';
import { consume } from './consume/consume.ts';
import { unacknowledged } from './consume/unacknowledged.ts';
import { probeWork, publishWork } from './publish/publish-work.ts';
import { withRetries } from './read/read-since.ts';

export interface WorkQueueOptions extends ConnectOptions {
  /** The stream of `publish`; default: WORK. */
  readonly stream?: string;
}

export const createWorkQueue = async (options: WorkQueueOptions): Promise<WorkQueue> => {
  const deps = await depsOf(options);
  const stream = options.stream ?? STREAMS.work;
  return {
    probe: () => probeWork(deps, stream),
    publish: (target, command, signal) => publishWork(deps, { stream, target, command, signal }),
    consume: (consumeOptions) => consume(deps, consumeOptions),
    unacknowledged: (from, durable) => withRetries(deps, () => unacknowledged(deps, from, durable)),
  };
};
