// The stream's creation time and bounds, by which a reader checks that it still reads the same log.
import { asError, LogReplacedError, LogUnavailableError } from '../errors.ts';
import type { LogInfo } from '../port.ts';
import type { JetStreamDeps } from './deps.ts';

/** Rejects with LogUnavailableError when the leader does not answer. */
export const logInfo = async (deps: JetStreamDeps, stream: string): Promise<LogInfo> => {
  try {
    const { created, state } = await deps.manager.streams.info(stream);
    return { createdAt: new Date(created), firstSequence: state.first_seq, lastSequence: state.last_seq };
  } catch (error) {
    throw new LogUnavailableError(`cannot read the state of stream ${stream}: ${asError(error).message}`, error);
  }
};

/** Throws when the stream is not `first`, or ends before the last handled sequence. */
export const assertSameLog = (
  stream: string,
  now: LogInfo,
  seen: { readonly first: LogInfo; readonly handled: number },
): void => {
  if (now.createdAt.getTime() !== seen.first.createdAt.getTime()) {
    throw new LogReplacedError(
      `${stream} was created at ${now.createdAt.toISOString()}, not at ${seen.first.createdAt.toISOString()}`,
    );
  }
  if (now.lastSequence < seen.handled) {
    throw new LogReplacedError(`${stream} ends at sequence ${now.lastSequence}, but ${seen.handled} was handled`);
  }
};
