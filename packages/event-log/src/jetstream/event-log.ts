// The event log on JetStream: EVENTS behind the port, over a connection that the caller owns and closes.
import { STREAMS } from '@ironlog/schemas';
import { append, appendRejection } from '../append.ts';
import type { EventStore } from '../event-store.ts';
import type { EventLog } from '../port.ts';
import { type ConnectOptions, depsOf } from './connect-options.ts';
import { logInfo } from './log-info.ts';
import { publishEvent } from './publish/publish-event.ts';
import { readSince, withRetries } from './read/read-since.ts';
import { readNext, toRecorded } from './read/read-stored.ts';
import { replay } from './read/replay.ts';
import { tail } from './read/tail.ts';

export interface EventLogOptions extends ConnectOptions {
  /** Default: EVENTS. */
  readonly stream?: string;
}

/** Makes no request: the stream may appear later. */
export const createEventLog = async (options: EventLogOptions): Promise<EventLog> => {
  const deps = await depsOf(options);
  const stream = options.stream ?? STREAMS.events;
  const store: EventStore = {
    store: (request) => publishEvent(deps, stream, request),
    readSince: (filter, after) => readSince(deps, stream, { filter, after }),
    readAt: async (seq) => {
      const message = await readNext(deps, stream, { seq });
      return message && toRecorded(message);
    },
    info: () => logInfo(deps, stream),
  };
  const appendDeps = { store, observe: deps.observe };
  return {
    append: (request) => append(appendDeps, request),
    appendRejection: (subject, event, signal) =>
      appendRejection(appendDeps, { subject, event, ...(signal && { signal }) }),
    readSince: (filter, after) => withRetries(deps, () => store.readSince(filter, after)),
    replay: (range) => replay(deps, stream, range),
    tail: (tailOptions) => tail(deps, stream, tailOptions),
    info: () => withRetries(deps, store.info),
  };
};
